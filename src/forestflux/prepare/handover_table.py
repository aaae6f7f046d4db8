"""The difference between a product and its successor, measured in a year that both cover."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from forestflux.core.grids.places import Place, TowerPlace
from forestflux.core.product_tables.handovers import Handover, name_of
from forestflux.core.product_tables.products import Product
from forestflux.jobs.tables import Column, TableSchema
from forestflux.prepare.calendar_cube import build_cube
from forestflux.prepare.masking import mask_cube
from forestflux.sources.extraction import extract
from forestflux.sources.source import Source

HANDOVERS = TableSchema(
    path="handover/handover.csv",
    row="a variable whose product has a successor in the run, at towers or on the map",
    columns=(
        Column("variable", "input series", "text"),
        Column("where", "`towers`, or `map`: forest cells", "text"),
        Column("before", "product up to the handover", "text"),
        Column("after", "its successor", "text"),
        Column("first_year", "first year of the successor", "integer"),
        Column("shared_year", "the year in which both are compared", "integer"),
        Column(
            "difference",
            "mean over cells of successor minus product, each over the steps in which both"
            " have a value",
            unit="of the variable",
        ),
        Column(
            "spread",
            "standard deviation of the cells' differences",
            unit="of the variable",
        ),
        Column("cells", "cells in which both have a value", "integer"),
        Column("unit", "of difference and spread", "text"),
    ),
)
KEYS = [
    column.name
    for column in HANDOVERS.columns
    if column.name not in ("difference", "spread", "cells")
]


def measure_handovers(
    source: Source,
    place: Place,
    handovers: Sequence[Handover],
    *,
    cover: Mapping[str, Product],
    year: int,
    min_valid_share: float,
) -> pd.DataFrame:
    """The differences at a place, a row for each handover whose shared year this is.

    Nothing is written on the way: the products are extracted, put on the calendar and masked as
    the stages do it, each for this year.

    Parameters
    ----------
    cover : land cover of the place, by its variable; nothing at towers
    min_valid_share : as of the stage mask
    """
    shared = [handover for handover in handovers if handover.shared_year == year]

    def mask(products: dict[str, Product]) -> dict[str, np.ndarray]:
        native = extract(source, {**products, **cover}, place, year=year)
        cube = build_cube(native, products, year=year)
        masked = mask_cube(cube, products, year=year, min_valid_share=min_valid_share)
        forest = masked.get("forest_fraction")
        there = True if forest is None else forest.values > 0
        return {name: np.where(there, masked[name].values, np.nan) for name in products}

    before = mask({each.variable: each.before for each in shared})
    after = mask({each.variable: each.after for each in shared})
    where = "towers" if isinstance(place, TowerPlace) else "map"
    rows = [
        describe(each, where) | summarise(after[each.variable] - before[each.variable])
        for each in shared
    ]
    return pd.DataFrame(rows, columns=HANDOVERS.names)


def describe(handover: Handover, where: str) -> dict[str, str | int]:
    """What a handover is: the columns that do not depend on the place."""
    return {
        "variable": handover.variable,
        "where": where,
        "before": name_of(handover.before),
        "after": name_of(handover.after),
        "first_year": handover.first_year,
        "shared_year": handover.shared_year,
        "unit": handover.after.units,
    }


def summarise(difference: np.ndarray) -> dict[str, float]:
    """Mean and standard deviation over cells of their mean differences (time, y, x)."""
    both = np.isfinite(difference)
    count = both.sum(axis=0)
    total = np.where(both, difference, 0.0).sum(axis=0, dtype=float)
    cells = total[count > 0] / count[count > 0]
    if not cells.size:
        return {"difference": np.nan, "spread": np.nan, "cells": 0}
    return {
        "difference": float(cells.mean()),
        "spread": float(cells.std()),
        "cells": cells.size,
    }


def join_places(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The differences over all places, from those of each of them."""
    parts = pd.concat(tables, ignore_index=True)
    rows = []
    for keys, some in parts.groupby(KEYS, sort=False):
        cells, (mean, spread) = int(some["cells"].sum()), (np.nan, np.nan)
        if cells:
            part = some[some["cells"] > 0]
            share = part["cells"] / cells
            mean = float((share * part["difference"]).sum())
            squares = part["spread"] ** 2 + (part["difference"] - mean) ** 2
            spread = float(np.sqrt((share * squares).sum()))
        values = {"difference": mean, "spread": spread, "cells": cells}
        rows.append(dict(zip(KEYS, keys, strict=True)) | values)
    return pd.DataFrame(rows, columns=HANDOVERS.names)


def describe_rows(table: pd.DataFrame) -> list[str]:
    """Each row of the table as a sentence."""
    return [describe_row(row) for row in table.to_dict("records")]


def describe_row(row: Mapping) -> str:
    """A row of the table as a sentence."""
    place = "cells of forest" if row["where"] == "map" else "towers"
    begin = (
        f"{row['variable']} is of {row['before']} up to {row['first_year'] - 1} and of"
        f" {row['after']} from {row['first_year']} on"
    )
    if not row["cells"]:
        return f"{begin}; in {row['shared_year']} no {place} have a value of both"
    higher = "higher" if row["difference"] >= 0 else "lower"
    unit = "" if row["unit"] == "1" else f" {row['unit']}"
    return (
        f"{begin}; in {row['shared_year']}, which both cover, the second is"
        f" {abs(row['difference']):.3g}{unit} {higher} in the mean of {row['cells']}"
        f" {place}, which differ by {row['spread']:.2g}{unit}"
    )
