"""Series of the towers, taken out of their masked stores."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from forestflux.jobs.stores.store import load_store, open_store


class TowerSeries(NamedTuple):
    """Masked series of towers, one row per tower and year that has any value.

    Attributes
    ----------
    sites : columns site, year, lat (degrees)
    series : float32 (row, variable, step), physical values, NaN = gap
    variables : names along the axis `variable`
    """

    sites: pd.DataFrame
    series: np.ndarray
    variables: tuple[str, ...]


def collect_towers(stores: dict[int, Path]) -> TowerSeries:
    """Series of all towers and years from their masked stores.

    Parameters
    ----------
    stores : `mask/towers/{year}.zarr` by year
    """
    tables, series = [], []
    variables: tuple[str, ...] = ()
    for year, path in sorted(stores.items()):
        variables = variables or input_names(path)
        masked = load_store(path, variables)
        values = np.stack(
            [masked[name].values[:, :, 0].T for name in variables], axis=1
        )
        table = pd.DataFrame(
            {
                "site": masked["site"].values.astype(object),
                "year": year,
                "lat": masked["lat"].values,
            }
        )
        there = np.isfinite(values).any(axis=(1, 2))
        tables.append(table[there])
        series.append(values[there].astype("float32"))
    return TowerSeries(
        pd.concat(tables, ignore_index=True), np.concatenate(series), variables
    )


def input_names(path: Path) -> tuple[str, ...]:
    """Names of the input series of a mask store, in their order."""
    return tuple(open_store(path).attrs["variables"])
