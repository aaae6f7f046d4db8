"""Finished tables and maps as figures and report read them: checked at the door."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import xarray as xr

from forestflux.core.errors import InputError
from forestflux.jobs.store import load_store


def read_table(
    results: Path, name: str, *, columns: Iterable[str], empty: bool = False
) -> pd.DataFrame:
    """A table of the run, `evaluate/scores.csv`, with these columns and a row at least.

    Parameters
    ----------
    empty : whether the table may have no rows

    Raises
    ------
    InputError : the file is not there, is not a table, lacks a column or has no rows
    """
    path = results / name
    if not path.is_file():
        raise InputError(path, variable="file", expected="a table", found="nothing")
    try:
        table = pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise InputError(
            path, variable="file", expected="a readable CSV table", found=str(error)
        ) from error
    for column in columns:
        if column not in table:
            raise InputError(
                path,
                variable=column,
                expected="a column of this name",
                found=f"only {', '.join(table.columns)}",
            )
    if table.empty and not empty:
        raise InputError(path, variable="rows", expected="one or more", found="none")
    return table


def read_map(results: Path, name: str, *, variables: Iterable[str]) -> xr.Dataset:
    """Variables (y, x) of a store of the run, `maps/2003.zarr`, in memory."""
    return load_store(results / name, variables)
