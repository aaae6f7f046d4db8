"""A masked dataset as a user hands it to a trained model: checked, its forest cells taken out.

Datasets come as stages write them (`y`, `x`), with the coordinates of products (`latitude`,
`longitude`), as towers in a row, or as one site without either dimension.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from forestflux.core.calendars.eight_day import STEPS, step_starts
from forestflux.core.input_errors import InputError
from forestflux.core.names import FOREST_TYPES
from forestflux.core.product_tables.products import guess_cause
from forestflux.jobs.user_tables import is_fill
from forestflux.prepare.masked_series import check_units

# What a row and a column may be called.
ROWS, COLUMNS = ("y", "latitude"), ("x", "longitude")
# Where the latitude of a cell may stand; the first that is there counts.
LATITUDES = ("lat", "latitude", "y")


@dataclass(frozen=True)
class ForestCells:
    """The forest cells of a masked dataset, as networks take them.

    Attributes
    ----------
    forest : cells (y, x) that are forest, bool
    series : float32 (sample, variable, step), NaN = gap, in row order of the forest cells
    lat, types : (sample,), degrees north and codes 1-5
    like : an array (y, x) with the coordinates of rows and columns
    names : what the dataset calls row and column, by `y` and `x`; one that it does not
        have is missing
    year : calendar year of the series
    """

    forest: np.ndarray
    series: np.ndarray
    lat: np.ndarray
    types: np.ndarray
    like: xr.DataArray
    names: dict[str, str]
    year: int

    def restore(self, result: xr.Dataset) -> xr.Dataset:
        """A dataset (y, x) with the dimensions that the user's dataset has."""
        added = [dim for dim in ("y", "x") if dim not in self.names]
        for dim in added:
            result = result.isel({dim: 0}, drop=True)
        return result.rename({d: n for d, n in self.names.items() if d != n})


def read_forest_cells(
    dataset: xr.Dataset,
    *,
    inputs: Mapping[str, str],
    ranges: Mapping[str, tuple[float, float] | None],
) -> ForestCells:
    """The forest cells of a dataset, after everything that a model would misread is refused.

    Parameters
    ----------
    dataset : see `forestflux.ensemble.trained_ensemble.Ensemble.predict`
    inputs : unit of each series, in the order of the networks
    ranges : least and greatest value that each series can have, in that unit

    Raises
    ------
    InputError : a variable, its unit, its dimensions or its range, the calendar, a forest
        type or a latitude does not fit
    """
    source = str(dataset.encoding.get("source", "dataset"))
    check_variables(dataset, source, inputs=inputs)
    names = {
        dim: name
        for dim, choices in (("y", ROWS), ("x", COLUMNS))
        for name in choices
        if name in dataset[[*inputs, "forest_type"]].dims
    }
    types = on_grid(dataset["forest_type"], names, source)
    check_types(types.values, source)
    lat = find_latitude(dataset, names, like=types, source=source)
    forest = types.values > 0
    series = np.empty((forest.sum(), len(inputs), STEPS), "float32")
    for position, name in enumerate(inputs):
        values = on_grid(dataset[name], names, source, time=True).values
        if values.shape[1:] != forest.shape:
            raise InputError(
                source,
                variable=name,
                expected=f"{forest.shape} rows and columns as forest_type",
                found=str(values.shape[1:]),
            )
        series[:, position] = values[:, forest].T
        check_range(
            series[:, position], name, source, unit=inputs[name], ends=ranges.get(name)
        )
    return ForestCells(
        forest,
        series,
        lat[forest],
        types.values[forest],
        like=types,
        names=names,
        year=find_year(dataset),
    )


def check_variables(
    dataset: xr.Dataset, source: str, *, inputs: Mapping[str, str]
) -> None:
    """Refuse a dataset that lacks a variable or has another unit or calendar."""
    for name in (*inputs, "forest_type", "time"):
        if name not in dataset.variables:
            raise InputError(
                source,
                variable=name,
                expected="a variable of the dataset",
                found=f"only {', '.join(map(str, dataset.variables))}",
            )
    check_units(dataset, source, inputs=inputs)
    days = np.atleast_1d(dataset["time"].values).astype("datetime64[D]")
    year = find_year(dataset)
    if not np.array_equal(days, step_starts(year)):
        raise InputError(
            source,
            variable="time",
            expected=f"the {STEPS} eight-day steps from 1 January of one year",
            found=f"{days.size} steps from {days[0]} to {days[-1]}",
        )


def find_year(dataset: xr.Dataset) -> int:
    """The calendar year in which the first step lies."""
    first = np.atleast_1d(dataset["time"].values)[0]
    return first.astype("datetime64[D]").item().year


def on_grid(
    array: xr.DataArray, names: Mapping[str, str], source: str, *, time: bool = False
) -> xr.DataArray:
    """An array as (y, x), or (time, y, x); a dimension that is not there has one place.

    Parameters
    ----------
    array : with the dimensions of the user
    names : what row and column are called there
    time : whether the array has steps
    """
    wanted = ["time"] if time else []
    own = [*wanted, *names.values()]
    if set(array.dims) != set(own):
        raise InputError(
            source,
            variable=str(array.name),
            expected=f"dimensions {', '.join(own) or 'none'} (rows are called"
            f" {' or '.join(ROWS)}, columns {' or '.join(COLUMNS)})",
            found=", ".join(map(str, array.dims)) or "none",
        )
    # A coordinate without a dimension would come back as a dimension.
    bare = array.drop_vars([c for c in array.coords if c not in array.dims])
    grid = bare.rename({name: dim for dim, name in names.items() if dim != name})
    missing = [dim for dim in ("y", "x") if dim not in names]
    return grid.expand_dims(missing).transpose(*wanted, "y", "x")


def find_latitude(
    dataset: xr.Dataset, names: Mapping[str, str], *, like: xr.DataArray, source: str
) -> np.ndarray:
    """Latitude (y, x) of each cell, degrees north.

    Parameters
    ----------
    dataset : of the user
    names : what row and column are called there
    like : an array (y, x)
    """
    name = next((name for name in LATITUDES if name in dataset.variables), None)
    if name is None:
        raise InputError(
            source,
            variable="lat",
            expected=f"a latitude as {', '.join(LATITUDES)}",
            found=f"only {', '.join(map(str, dataset.variables))}",
        )
    given = dataset[name].variable
    dims = [next((d for d, n in names.items() if n == dim), dim) for dim in given.dims]
    if not set(dims) <= {"y", "x"}:
        raise InputError(
            source,
            variable=name,
            expected="one latitude for each row or cell",
            found=f"dimensions {', '.join(map(str, given.dims))}",
        )
    values = xr.Variable(dims, given.values).set_dims(dict(like.sizes))
    lat = values.transpose("y", "x").values.astype(float)
    bad = lat[~(np.abs(lat) <= 90)]
    if bad.size:
        raise InputError(
            source,
            variable=name,
            expected="degrees north from -90 to 90",
            found=f"{bad[0]:g}",
        )
    return lat


def check_types(types: np.ndarray, source: str) -> None:
    """Refuse codes that are of no forest type."""
    known = np.isin(types, range(len(FOREST_TYPES) + 1))
    if not known.all():
        raise InputError(
            source,
            variable="forest_type",
            expected=f"codes 0-{len(FOREST_TYPES)}",
            found=f"{types.min()} to {types.max()}",
        )


def check_range(
    values: np.ndarray,
    name: str,
    source: str,
    *,
    unit: str,
    ends: tuple[float, float] | None,
) -> None:
    """Refuse a series with a value that the variable cannot have at all.

    Parameters
    ----------
    values : float32 (sample, step), NaN = gap
    name, unit : of the variable
    ends : least and greatest value; None where nothing is known
    """
    if ends is None:
        return
    # Rounded as the values are, or an end itself could lie outside.
    low, high = np.float32(ends[0]), np.float32(ends[1])
    bad = values[(values < low) | (values > high)]
    if bad.size:
        cause = guess_cause(unit)
        if is_fill(bad[:1].astype(float)).any():
            cause = "a fill value? gaps are NaN"
        raise InputError(
            source,
            variable=name,
            expected=f"values from {ends[0]:g} to {ends[1]:g} {unit}",
            found=f"{bad[0]:g} and {bad.size - 1} more of {np.isfinite(values).sum()}"
            f" ({cause})",
        )
