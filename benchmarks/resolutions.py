"""Whether totals and changes of one region agree at 0.05, 0.01 and 0.005 degree.

One model maps the same region of the simulated planet on each grid. The planet is made anew at
each cell's centre, so that a coarse map samples what finer ones see in between. What is finished
stays in `results/fine-*`: the same command goes on after a kill.
"""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pandas as pd

from benchmarks.fine_maps import map_region, train_model
from benchmarks.harness import Measured, Option
from forestflux.change.change_schemas import REGION_CHANGES, REGIONS
from forestflux.core.names import FLUXES
from forestflux.jobs.tables import TableSchema

YEAR = 2018
OPTIONS = {
    "region": Option("14,46,15,47", "14.4,46.4,14.6,46.6", "as the key `region`"),
    "sides": Option((0.05, 0.01, 0.005), (0.1, 0.05), "sides of a cell, degree"),
    "tile_deg": Option(1.0, 1.0, "side of a tile, degree"),
    "members": Option(3, 1, "networks of the ensemble"),
    "epochs": Option(0.1, 0.02, "length of the training, of the default one"),
    "cores": Option(2, 1, "cores of the runs"),
}
# Quantity: the table, its column, and the mean over the forest where there is one.
QUANTITIES: dict[str, tuple[TableSchema, str]] = {
    "total": (REGIONS, "total"),
    "change": (REGION_CHANGES, "change"),
}
INTERVAL = ("", "_lower", "_upper")


def measure(
    *,
    region: str,
    sides: tuple[float, ...],
    tile_deg: float,
    members: int,
    epochs: float,
    cores: int,
) -> Measured:
    """Map the region on every grid and compare each pair of maps."""
    shared = train_model(members=members, epochs=epochs, cores=cores)
    rows: list[dict] = []
    for side in sides:
        grid = {"resolution_deg": side, "tile_cells": round(tile_deg / side)}
        keys = shared | {"region": region, "grid": grid, "jobs": {"tiles": 4}}
        results = map_region(
            f"fine-at-{side:g}", keys, ["change/change.json"], cores=cores
        )
        tables = {name: read_all(t, results) for name, (t, _) in QUANTITIES.items()}
        rows += list_values(tables, side)
    rows += list_pairs(rows)
    inside = [row["inside"] for row in rows if row["group"] == "pair"]
    return Measured(
        rows=rows, facts={"year": YEAR, "pairs": len(inside), "inside": sum(inside)}
    )


def read_all(schema: TableSchema, results: Path) -> pd.DataFrame:
    """Rows of the whole region; of the year that is shown where there are years."""
    table = schema.read(results)
    table = table[table["kind"] == "all"]
    if "year" in table:
        table = table[table["year"] == YEAR]
    return table.set_index("variable")


def list_values(tables: dict[str, pd.DataFrame], side: float) -> Iterator[dict]:
    """Total of the year and change of the pair of each flux, TgC yr-1, with their intervals."""
    for quantity, (_, column) in QUANTITIES.items():
        for flux in FLUXES:
            row = tables[quantity].loc[flux]
            value, lower, upper = (1e3 * row[column + end] for end in INTERVAL)
            found = {"value": value, "lower": lower, "upper": upper}
            if quantity == "total":
                found |= {"mean": row["mean"], "forest_km2": row["area"] / 1e6}
            yield {
                "group": "value",
                "side": side,
                "quantity": quantity,
                "flux": flux,
                **{name: round(float(number), 4) for name, number in found.items()},
            }


def list_pairs(rows: list[dict]) -> Iterator[dict]:
    """For each two grids whether the value of each lies in the interval of the other."""
    values = {(row["side"], row["quantity"], row["flux"]): row for row in rows}
    sides = list(dict.fromkeys(row["side"] for row in rows))
    for (one, other), quantity in (
        (pair, quantity) for pair in combinations(sides, 2) for quantity in QUANTITIES
    ):
        for flux in FLUXES:
            a, b = values[one, quantity, flux], values[other, quantity, flux]
            half = (a["upper"] - a["lower"] + b["upper"] - b["lower"]) / 4
            yield {
                "group": "pair",
                "sides": [one, other],
                "quantity": quantity,
                "flux": flux,
                "difference": round(b["value"] - a["value"], 4),
                "difference_per_half_width": round((b["value"] - a["value"]) / half, 3),
                "inside": a["lower"] <= b["value"] <= a["upper"]
                and b["lower"] <= a["value"] <= b["upper"],
            }
