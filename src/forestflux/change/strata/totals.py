"""Totals: forest area, mean flux and PgC per year of strata, one sum per member."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from forestflux.change.change_schemas import TG_PER_PG
from forestflux.change.errors.total_errors import TotalErrors
from forestflux.change.strata.latitude_bands import label_bands
from forestflux.change.trends.member_spread import member_sd
from forestflux.change.trends.t_tests import t_half_width
from forestflux.core.grids.forest_area import divide_by_area, measure_forest_area
from forestflux.core.names import FOREST_TYPES, PG_PER_G
from forestflux.jobs.settings.change_settings import LatitudeBandSettings


def divide_map(
    dataset: xr.Dataset, bands: Sequence[LatitudeBandSettings]
) -> list[tuple[str, tuple[str, ...], np.ndarray]]:
    """Kind, names and labels (y, x) of the ways to divide a map: all, type, band.

    A label is the position in the names; -1 where there is no forest type.
    """
    forest_type = dataset["forest_type"].values.astype(int)
    names = tuple(band.name for band in bands)
    rows = label_bands(dataset["y"].values, bands)[:, None]
    return [
        ("all", ("all",), np.zeros(forest_type.shape, int)),
        ("type", FOREST_TYPES, forest_type - 1),
        ("band", names, np.broadcast_to(rows, forest_type.shape)),
    ]


def forest_area(dataset: xr.Dataset) -> np.ndarray:
    """Forest area (y, x) of the cells that are mapped, m2, 0 of the others."""
    mapped = np.isfinite(dataset["gpp"].values)
    return np.where(mapped, measure_forest_area(dataset), 0.0)


def tabulate_years(
    totals: xr.Dataset, errors: TotalErrors, *, level: float
) -> pd.DataFrame:
    """Rows of `regions.csv`: area, mean, total and interval per year, stratum and flux.

    Parameters
    ----------
    totals : `area` and `inside (year, stratum)` m2, `total (year, variable, stratum, member)` PgC
        yr-1, with `kind` and `code (stratum)`
    errors : of the totals
    level : probability of the interval
    """
    members = totals["total"].values
    total = members.mean(axis=-1)
    each_year = np.eye(len(errors.years))
    sd = np.sqrt(np.stack([errors.variance(weights) for weights in each_year]))
    half = t_half_width(sd, errors.freedom, level=level)
    area, inside = (
        np.broadcast_to(totals[name].values[:, None], total.shape)
        for name in ("area", "inside")
    )
    # By the end of a column's name.
    ends = {"": total, "_lower": total - half, "_upper": total + half}
    years, variables, names = np.meshgrid(
        *(totals[name].values for name in ("year", "variable", "stratum")),
        indexing="ij",
    )
    columns = {
        "year": years,
        "stratum": names,
        "kind": np.broadcast_to(totals["kind"].values, total.shape),
        "code": np.broadcast_to(totals["code"].values, total.shape),
        "area": area,
        "applicable": divide_by_area(inside, area),
        "variable": variables,
        **{f"mean{e}": divide_by_area(v / PG_PER_G, area) for e, v in ends.items()},
        **{f"total{end}": values for end, values in ends.items()},
        "total_sd": sd,
        "member_sd": member_sd(members),
        **{f"total_tg{end}": values * TG_PER_PG for end, values in ends.items()},
        "level": np.full(total.shape, level),
    }
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()})
