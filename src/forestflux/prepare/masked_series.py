"""Masked places as the model reads them: the series of forest cells, part by part."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.core.calendars import eight_day
from forestflux.core.input_errors import InputError
from forestflux.core.layers import REGION_LAYERS
from forestflux.core.names import FOREST_TYPES
from forestflux.jobs.stores.chunked import Where, blocks
from forestflux.jobs.stores.store import load_part, open_store

NEEDED = ("gap_fraction", "forest_fraction", "forest_type")


@dataclass(frozen=True)
class SeriesChunk:
    """Forest cells of a part of a masked place and year.

    Attributes
    ----------
    masked : the place and year, lazy
    where : rows and columns of the part
    last : whether it is the last part of the place and year
    forest : cells (y, x) that are estimated, bool
    series : float32 (sample, variable, step), the series of these in row order
    lat, types : (sample,), degrees north and codes 1-5
    beside : layers (y, x) that go along
    """

    masked: xr.Dataset
    where: Where
    last: bool
    forest: np.ndarray
    series: np.ndarray
    lat: np.ndarray
    types: np.ndarray
    beside: dict[str, np.ndarray]


def read_chunks(
    path: Path, *, inputs: Mapping[str, str], min_forest_fraction: float
) -> Iterator[SeriesChunk]:
    """The parts of a mask store, as its chunks lie; series of forest cells only are kept.

    Parameters
    ----------
    path : `mask/{place}/{year}.zarr`
    inputs : unit of each series that the model reads, in its order
    min_forest_fraction : smallest forest share of a cell (1) that is estimated

    Raises
    ------
    InputError : a layer or a chunk is missing, not on the calendar or in another unit
    """
    masked = open_store(path)
    check_masked(masked, path, inputs=inputs)
    variables = tuple(inputs)
    sizes = {dim: masked.sizes[dim] for dim in ("y", "x")}
    chunks = masked[variables[0]].encoding["preferred_chunks"]
    parts = list(blocks(sizes, chunks))
    for where in parts:
        yield read_chunk(
            masked,
            where,
            variables=variables,
            last=where is parts[-1],
            min_forest_fraction=min_forest_fraction,
        )


def read_chunk(
    masked: xr.Dataset,
    where: Where,
    *,
    variables: Sequence[str],
    last: bool,
    min_forest_fraction: float,
) -> SeriesChunk:
    """A part of a mask store; nothing is read of the series where there is no forest."""
    names = ("forest_fraction", "forest_type", *region_layers(masked))
    layers = load_part(masked, ("gap_fraction", *names), **where)
    check_types(layers["forest_type"].values, masked.encoding["source"])
    forest = forest_cells(layers, min_forest_fraction=min_forest_fraction)
    gaps = layers["gap_fraction"].mean("variable").astype("float32")
    kept = {name: layers[name].values for name in names}
    lat = np.broadcast_to(layers["y"].values[:, None], forest.shape)[forest]
    return SeriesChunk(
        masked=masked,
        where=where,
        last=last,
        forest=forest,
        series=forest_series(masked, forest, variables=variables, where=where),
        lat=lat,
        types=layers["forest_type"].values[forest].astype(int),
        beside=kept | {"gap_fraction": gaps.values},
    )


def region_layers(dataset: xr.Dataset) -> tuple[str, ...]:
    """The layer of the share in the region, of a store of a run that has one."""
    return tuple(name for name in REGION_LAYERS if name in dataset)


def forest_cells(masked: xr.Dataset, *, min_forest_fraction: float) -> np.ndarray:
    """Cells (y, x) that are estimated, bool: a forest type and enough forest.

    A forest cell without a single valid value is estimated too (its `gap_fraction` is
    1): leaving it out would drop its carbon from every total.
    """
    fraction = masked["forest_fraction"].values
    known = (fraction > 0) & (fraction >= min_forest_fraction)
    return known & (masked["forest_type"].values > 0)


def forest_series(
    masked: xr.Dataset,
    forest: np.ndarray,
    *,
    variables: Sequence[str],
    where: Where | None = None,
) -> np.ndarray:
    """Series of the forest cells, float32 (sample, variable, step), in row order.

    One variable at a time, so that ocean and grassland are never all in memory.

    Parameters
    ----------
    masked : a mask store, in memory or lazy
    forest : cells (y, x) of the part, bool
    variables : names along the axis `variable`
    where : rows and columns of the part; everything where not given
    """
    series = np.empty((forest.sum(), len(variables), eight_day.STEPS), "float32")
    if len(series):
        for position, variable in enumerate(variables):
            part = masked if where is None else load_part(masked, [variable], **where)
            series[:, position] = part[variable].values[:, forest].T
    return series


def check_masked(
    masked: xr.Dataset, source: Path, *, inputs: Mapping[str, str]
) -> None:
    """Refuse a mask store that the model would misread."""
    for name in (*inputs, *NEEDED):
        if name not in masked:
            raise InputError(
                source,
                variable=name,
                expected="a layer of a masked tile",
                found=f"only {', '.join(map(str, masked.data_vars))}",
            )
    check_units(masked, source, inputs=inputs)
    if masked["time"].size != eight_day.STEPS:
        raise InputError(
            source,
            variable="time",
            expected=f"{eight_day.STEPS} steps",
            found=str(masked["time"].size),
        )


def check_units(
    dataset: xr.Dataset, source: Path | str, *, inputs: Mapping[str, str]
) -> None:
    """Refuse a series in another unit than the model reads.

    Parameters
    ----------
    inputs : unit of each series
    """
    for name, expected in inputs.items():
        unit = dataset[name].attrs.get("units")
        if unit != expected:
            raise InputError(
                source, variable=name, expected=f"units {expected}", found=str(unit)
            )


def check_types(types: np.ndarray, source: str) -> None:
    """Refuse forest types that the model does not know."""
    if types.max(initial=0) > len(FOREST_TYPES):
        raise InputError(
            source,
            variable="forest_type",
            expected=f"codes 0-{len(FOREST_TYPES)}",
            found=str(types.max()),
        )


def count_gaps(series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number of series without any value (sample,), uint8, and share of gaps (sample,).

    Parameters
    ----------
    series : (sample, variable, step), NaN = gap
    """
    missing = np.isnan(series)
    hidden = missing.all(axis=2).sum(axis=1).astype("uint8")
    return hidden, missing.mean(axis=(1, 2))
