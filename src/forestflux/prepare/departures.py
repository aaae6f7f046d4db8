"""Departures: how each year of a place differs from the mean of its years.

The departure of a variable is its mean difference from the mean year of the place, weighted
with the light on top of the atmosphere, because carbon is exchanged when there is light. A step
without a value counts as a normal one: what is missing is no evidence of a change.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.core.calendars.radiation import radiation
from forestflux.core.grids.grid import check_cell_centres
from forestflux.core.input_errors import InputError
from forestflux.jobs.stores.chunked import ChunkedDataset, Where, blocks, template_array
from forestflux.jobs.stores.store import load_part, open_store
from forestflux.prepare.mean_years import average_years

FREEZING_K = 273.15


def share_light(lat: np.ndarray) -> np.ndarray:
    """Share of the year's light in each step (sample, step), sum 1.

    Parameters
    ----------
    lat : (sample,), degrees north
    """
    unique, place = np.unique(np.asarray(lat, float), return_inverse=True)
    light = radiation(unique)
    return (light / light.sum(axis=1, keepdims=True))[place]


def measure_departures(
    series: np.ndarray, mean_year: np.ndarray, lat: np.ndarray
) -> np.ndarray:
    """Departures float64 (sample, variable) from the mean year, in the unit of each variable.

    Parameters
    ----------
    series : (sample, variable, step), calendar order, NaN = gap
    mean_year : the same shape, of the place of each sample
    lat : (sample,), degrees north
    """
    difference = subtract_mean_year(series, mean_year)
    return np.einsum("ivs,is->iv", difference, share_light(lat))


def subtract_mean_year(series: np.ndarray, mean_year: np.ndarray) -> np.ndarray:
    """Differences from the mean year, float64; 0 where a value is missing, as in a normal one."""
    return np.nan_to_num(series.astype("float64") - mean_year)


def measure_place(paths: Sequence[Path], years: Sequence[int]) -> ChunkedDataset:
    """Departures of a place: departure float32 (year, variable, y, x), in each variable's unit.

    Beside them the temperature of the mean year, float32 (y, x), C, weighted with light, from the
    variables in K; NaN without any. The mean year is that of these years. One variable of all
    years of a chunk is in memory at a time.

    Parameters
    ----------
    paths : mask stores of the place
    years : the year of each

    Raises
    ------
    InputError : a year has other cells or other variables than the first one
    """
    masks = [open_store(path) for path in paths]
    variables = check_years(masks, paths)
    first = masks[0]
    sizes = {dim: first.sizes[dim] for dim in ("y", "x")}
    shape = (len(years), len(variables), *sizes.values())
    template = xr.Dataset(
        {
            "departure": (
                ("year", "variable", "y", "x"),
                template_array(shape, "float32"),
                {"long_name": "difference from the mean year, weighted with light"},
            ),
            "temperature": (
                ("y", "x"),
                template_array(tuple(sizes.values()), "float32"),
                {"long_name": "temperature of the mean year, weighted with light"}
                | {"units": "degC"},
            ),
        },
        coords={
            "year": list(years),
            "variable": np.array(variables, dtype=object),
            **{dim: first[dim].copy() for dim in sizes},
        },
    )
    chunks = first[variables[0]].encoding["preferred_chunks"]
    return ChunkedDataset(
        template, measure_blocks(masks, variables, blocks(sizes, chunks))
    )


def measure_blocks(
    masks: Sequence[xr.Dataset], variables: Sequence[str], places: Iterator[Where]
) -> Iterator[tuple[Where, dict[str, np.ndarray]]]:
    """Where each chunk of cells lies, and the departures (year, variable, y, x) of its cells."""
    for where in places:
        light = share_light(masks[0]["y"].isel(y=where["y"]).values)
        departures, kelvin = [], []
        for name in variables:
            series = np.stack(
                [load_part(m, [name], **where)[name].values for m in masks]
            )
            mean_year = average_years(series)
            difference = subtract_mean_year(series, mean_year)
            departures.append(np.einsum("tsyx,ys->tyx", difference, light))
            if masks[0][name].attrs.get("units") == "K":
                kelvin.append(average_steps(mean_year, light))
        yield (
            where,
            {
                "departure": np.stack(departures, axis=1).astype("float32"),
                "temperature": average_temperature(kelvin, departures[0].shape[1:]),
            },
        )


def average_steps(mean_year: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Mean of a year (y, x) over its steps, weighted with light; NaN where all are gaps.

    Parameters
    ----------
    mean_year : (step, y, x), NaN = gap
    light : share of the year's light (y, step)
    """
    weight = np.where(np.isfinite(mean_year), light.T[..., None], 0.0)
    total = (weight * np.nan_to_num(mean_year)).sum(axis=0)
    known = weight.sum(axis=0)
    return np.divide(total, known, out=np.full(total.shape, np.nan), where=known > 0)


def average_temperature(
    kelvin: Sequence[np.ndarray], shape: tuple[int, ...]
) -> np.ndarray:
    """Mean of temperatures (y, x) in K that are known, C, float32; NaN where none is."""
    if not kelvin:
        return np.full(shape, np.nan, "float32")
    return average_years(np.stack(kelvin)) - np.float32(FREEZING_K)


def check_years(masks: Sequence[xr.Dataset], paths: Sequence[Path]) -> tuple[str, ...]:
    """The input series of the years, after what does not belong together is refused."""
    first = masks[0]
    variables = tuple(first.attrs["variables"])
    for mask, path in zip(masks, paths, strict=True):
        if tuple(mask.attrs["variables"]) != variables:
            raise InputError(
                path,
                variable="variables",
                expected=f"{', '.join(variables)} as in {paths[0].name}",
                found=", ".join(mask.attrs["variables"]),
            )
        for dim in ("y", "x"):
            found, wanted = mask[dim].values, first[dim].values
            check_cell_centres(
                found, wanted, source=path, name=dim, owner=paths[0].name
            )
    return variables
