"""Totals: forest area, mean flux and PgC per year of strata, one sum per member."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from forestflux.change.errors.total_errors import TotalErrors
from forestflux.change.strata.latitude_bands import label_bands
from forestflux.change.trends.interannual import t_half_width
from forestflux.change.trends.member_spread import member_sd
from forestflux.core.forest_area import measure_forest_area
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


def tabulate_series(
    totals: xr.Dataset, errors: TotalErrors, *, level: float
) -> pd.DataFrame:
    """Rows of `series.csv`: area, mean, total and interval per year, stratum and flux.

    Parameters
    ----------
    totals : `area (year, stratum)` m2, `total (year, variable, stratum, member)` PgC
        yr-1, with `kind` and `code (stratum)`
    errors : of the totals
    level : probability of the interval
    """
    members = totals["total"].values
    total = members.mean(axis=-1)
    each_year = np.eye(len(errors.years))
    sd = np.sqrt(np.stack([errors.variance(weights) for weights in each_year]))
    half = t_half_width(sd, errors.freedom, level=level)
    area = np.broadcast_to(totals["area"].values[:, None], total.shape)
    mean = np.full(total.shape, np.nan)
    np.divide(total, area * PG_PER_G, out=mean, where=area > 0)
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
        "variable": variables,
        "mean": mean,
        "total": total,
        "total_lower": total - half,
        "total_upper": total + half,
        "total_sd": sd,
        "member_sd": member_sd(members),
    }
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()})
