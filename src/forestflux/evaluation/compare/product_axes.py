"""Latitudes and longitudes of a product: which dimensions they are, and the edges of its cells."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.core.input_errors import InputError

LATITUDES = ("lat", "latitude", "y", "nav_lat")
LONGITUDES = ("lon", "longitude", "x", "nav_lon", "long")
# A globe, with the rounding of single precision.
GLOBE_DEG, ROUNDING_DEG = 360.0, 1e-3
# From one step to the next: those of Gaussian grids and of half cells at the poles stay below it.
MOST_RATIO = 1.6


@dataclass(frozen=True)
class Axis:
    """Cells along one direction.

    Attributes
    ----------
    name : of the dimension
    edges : (cell + 1,), degrees, rising
    falls : whether the file has them the other way round
    """

    name: str
    edges: np.ndarray
    falls: bool

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.edges) - 1

    @property
    def centres(self) -> np.ndarray:
        """Middles of the cells (cell,), degrees, rising."""
        return (self.edges[:-1] + self.edges[1:]) / 2

    def places(self, cells: slice) -> slice:
        """Where cells of the rising axis, at least one, stand in the file."""
        chosen = range(*cells.indices(self.size))
        if not self.falls:
            return slice(chosen.start, chosen.stop, chosen.step)
        return slice(self.size - 1 - chosen[-1], self.size - chosen[0], chosen.step)

    def turn(self, values: np.ndarray, axis: int) -> np.ndarray:
        """Values of the file in the order of the rising axis."""
        return np.flip(values, axis) if self.falls else values

    def same_as(self, other: "Axis") -> bool:
        """Whether two axes are one but for rounding."""
        return (
            self.falls == other.falls
            and self.size == other.size
            and np.allclose(self.edges, other.edges, rtol=0, atol=ROUNDING_DEG)
        )


def find_axes(dataset: xr.Dataset, variable: str, path: Path) -> tuple[Axis, Axis]:
    """Latitude and longitude of a variable.

    Parameters
    ----------
    dataset : an opened file
    variable : that holds the flux
    path : for messages

    Raises
    ------
    InputError : no such axis, one of two dimensions, one that is not in order or not in degrees
    """
    dims = [str(dim) for dim in dataset[variable].dims]
    latitude = find_coordinate(dataset, dims, LATITUDES, "degrees_north", path)
    longitude = find_coordinate(dataset, dims, LONGITUDES, "degrees_east", path)
    values = latitude.values.astype(float)
    if not (np.isfinite(values).all() and np.abs(values).max() <= 90 + ROUNDING_DEG):
        raise InputError(
            path,
            variable=str(latitude.name),
            expected="latitudes from -90 to 90 degrees (a grid of latitude and longitude)",
            found=span_of(values),
        )
    turned = np.unwrap(longitude.values.astype(float), period=GLOBE_DEG)
    rows = make_axis(latitude, values, bounds_of(dataset, latitude), path)
    columns = make_axis(longitude, turned, None, path)
    if columns.edges[-1] - columns.edges[0] > GLOBE_DEG + ROUNDING_DEG:
        raise InputError(
            path,
            variable=str(longitude.name),
            expected="longitudes in degrees that go round the globe once at most",
            found=span_of(longitude.values),
        )
    # The first edge lies within the turn of the globe that begins at 180 W.
    shifted = columns.edges - GLOBE_DEG * np.floor((columns.edges[0] + 180) / GLOBE_DEG)
    limits = np.clip(rows.edges, -90.0, 90.0)
    return Axis(rows.name, limits, rows.falls), Axis(
        columns.name, shifted, columns.falls
    )


def find_coordinate(
    dataset: xr.Dataset,
    dims: list[str],
    names: tuple[str, ...],
    units: str,
    path: Path,
) -> xr.DataArray:
    """The coordinate of one of a variable's dimensions, by its units or by its name."""
    for dim in dims:
        if dim not in dataset.variables or dataset[dim].dims != (dim,):
            continue
        told = str(dataset[dim].attrs.get("units", "")).lower()
        if told.startswith(units) or dim.lower() in names:
            return dataset[dim]
    twisted = [n for n in dataset.variables if str(n).lower() in names]
    found = (
        f"{twisted[0]} of {dataset[twisted[0]].ndim} dimensions"
        if twisted
        else f"dimensions {', '.join(dims)}"
    )
    raise InputError(
        path,
        variable=names[1],
        expected=f"a coordinate of one dimension in {units}",
        found=found,
    )


def make_axis(
    coordinate: xr.DataArray,
    centres: np.ndarray,
    bounds: np.ndarray | None,
    path: Path,
) -> Axis:
    """The axis of a coordinate, its edges from bounds or half way between the centres."""
    name, steps = str(coordinate.name), np.diff(centres)
    if len(centres) < 2 or not ((steps > 0).all() or (steps < 0).all()):
        raise InputError(
            path,
            variable=name,
            expected="two or more degrees that only rise or only fall",
            found=span_of(centres),
        )
    falls = bool(steps[0] < 0)
    rising = centres[::-1] if falls else centres
    if bounds is None:
        middles = (rising[:-1] + rising[1:]) / 2
        ends = 2 * rising[0] - middles[0], 2 * rising[-1] - middles[-1]
        edges = np.concatenate([[ends[0]], middles, [ends[1]]])
    else:
        ordered = np.sort(bounds[::-1] if falls else bounds, axis=1)
        edges = np.append(ordered[:, 0], ordered[-1, 1])
    sizes = np.diff(edges)
    whole = bounds is None or np.allclose(
        ordered[:-1, 1], ordered[1:, 0], atol=ROUNDING_DEG
    )
    if not (whole and (sizes > 0).all()):
        raise InputError(
            path,
            variable=name,
            expected="cells without gap or overlap",
            found="others in its bounds",
        )
    if bounds is None:
        check_steps(np.abs(steps), name, path)
    return Axis(name, edges, falls)


def check_steps(steps: np.ndarray, name: str, path: Path) -> None:
    """Refuse centres of which some seem to be left out: their cells would be stretched."""
    ratios = steps[1:] / steps[:-1]
    if len(ratios) and max(ratios.max(), (1 / ratios).max()) > MOST_RATIO:
        raise InputError(
            path,
            variable=name,
            expected="steps that grow or shrink slowly, or bounds of the cells",
            found=f"steps from {steps.min():.6g} to {steps.max():.6g} degrees",
        )


def bounds_of(dataset: xr.Dataset, coordinate: xr.DataArray) -> np.ndarray | None:
    """Bounds (cell, 2) of a coordinate; None where the file has none that fit."""
    name = coordinate.attrs.get("bounds")
    if name not in dataset.variables:
        return None
    bounds = dataset[name].values.astype(float)
    if bounds.shape != (coordinate.size, 2):
        return None
    ends = bounds.min(axis=1), bounds.max(axis=1)
    held = (ends[0] <= coordinate.values) & (coordinate.values <= ends[1])
    return bounds if held.all() else None


def span_of(values: np.ndarray) -> str:
    """The ends of a coordinate, for messages."""
    if not len(values):
        return "none"
    return f"{len(values)} values from {values[0]:.6g} to {values[-1]:.6g}"
