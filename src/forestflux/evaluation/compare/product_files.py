"""Files of a product, NetCDF or Zarr: opened, their steps listed, their numbers decoded."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.core.input_errors import InputError
from forestflux.evaluation.compare.compared_files import ZARR
from forestflux.evaluation.compare.product_axes import Axis
from forestflux.evaluation.compare.product_times import Moment, Stamp, stamp_of_name
from forestflux.jobs.user_tables import is_fill

# More cells or steps along a dimension than any product has: a damaged length.
LONGEST_DIMENSION = 3_000_000
TIMES = xr.coders.CFDatetimeCoder(use_cftime=True)


@contextmanager
def open_file(path: Path) -> Iterator[xr.Dataset]:
    """A file of a product, lazy, its numbers as they are stored.

    Raises
    ------
    InputError : it cannot be opened, or a dimension is longer than any product's
    """
    engine = "zarr" if path.suffix == ZARR else "netcdf4"
    try:
        dataset = xr.open_dataset(
            path,
            engine=engine,
            chunks=None,
            decode_times=False,
            mask_and_scale=False,
            # An index would be read before its length is looked at.
            create_default_indexes=False,
        )
    except Exception as error:
        raise InputError(
            path,
            variable="file",
            expected="a readable NetCDF file or Zarr store",
            found=f"{type(error).__name__}: {error}",
        ) from error
    with dataset:
        for dim, size in dataset.sizes.items():
            if size > LONGEST_DIMENSION:
                raise InputError(
                    path,
                    variable=str(dim),
                    expected=f"{LONGEST_DIMENSION} places along it at most",
                    found=str(size),
                )
        yield dataset


@dataclass(frozen=True)
class Packing:
    """How the stored numbers of a variable become a flux.

    Attributes
    ----------
    scale, offset : value = stored x scale + offset
    missing : stored numbers that stand for no value
    valid : least and largest stored number
    """

    scale: float
    offset: float
    missing: tuple[float, ...]
    valid: tuple[float, float]

    @classmethod
    def of(
        cls,
        dataset: xr.Dataset,
        variable: str,
        valid: tuple[float, float] | None = None,
    ) -> "Packing":
        """The packing that a file states.

        Names of attributes are read without regard to case, and a scale may stand at the file
        instead of the variable, as in CEDAR-GPP.

        Parameters
        ----------
        valid : least and largest stored number, where the file says none
        """
        own = lower_names(dataset[variable].attrs)
        everywhere = lower_names(dataset.attrs)
        listed = [own[n] for n in ("_fillvalue", "missing_value") if n in own]
        missing = [float(value) for value in np.hstack([[], *listed]).ravel()]
        low, high = valid or (-np.inf, np.inf)
        low, high = np.ravel(own.get("valid_range", (low, high))).astype(float)[:2]
        return cls(
            scale=float(own.get("scale_factor", everywhere.get("scale_factor", 1.0))),
            offset=float(own.get("add_offset", 0.0)),
            missing=tuple(missing),
            valid=(
                float(own.get("valid_min", low)),
                float(own.get("valid_max", high)),
            ),
        )

    def decode(self, stored: np.ndarray) -> np.ndarray:
        """Values in float64, NaN where there is none.

        Where the file states nothing that stands for no value, what other files use does:
        -9999 and its like, and numbers beyond any flux.
        """
        values = stored.astype(float)
        good = np.isfinite(values)
        for number in self.missing:
            good &= stored != np.asarray(number).astype(stored.dtype)
        good &= (values >= self.valid[0]) & (values <= self.valid[1])
        if not self.missing:
            good &= ~is_fill(values)
        values *= self.scale
        values += self.offset
        values[~good] = np.nan
        return values


def lower_names(attributes: dict) -> dict:
    """Attributes by their names in lower case."""
    return {str(name).lower(): value for name, value in attributes.items()}


def list_stamps(
    path: Path, dataset: xr.Dataset, variable: str, grid: tuple[Axis, Axis]
) -> list[Stamp]:
    """The steps of a variable in a file.

    Raises
    ------
    InputError : a dimension beside time, latitude and longitude; a time that cannot be read; no
        time, neither in the file nor in its name
    """
    sizes = dataset[variable].sizes
    apart = [str(d) for d in sizes if d not in {axis.name for axis in grid}]
    along = [dim for dim in apart if is_time(dataset, dim)]
    others = [dim for dim in apart if dim not in along and sizes[dim] > 1]
    if others or len(along) > 1:
        raise InputError(
            path,
            variable=variable,
            expected="the dimensions time, latitude and longitude",
            found=", ".join(f"{dim} of length {sizes[dim]}" for dim in sizes),
        )
    if along and along[0] in dataset.variables:
        moments, bounds = decode_times(dataset, along[0], path)
        ends: Sequence[tuple[Moment, Moment] | None] = bounds or [None] * len(moments)
        pairs = zip(moments, ends, strict=True)
        return [Stamp(path, i, moment, b) for i, (moment, b) in enumerate(pairs)]
    single = [str(n) for n in dataset.variables if is_single_time(dataset, str(n))]
    if single and not along:
        moments, bounds = decode_times(dataset, single[0], path)
        return [Stamp(path, None, moments[0], bounds[0] if bounds else None)]
    named = stamp_of_name(path)
    if named is None or (along and sizes[along[0]] > 1):
        raise InputError(
            path,
            variable="time",
            expected="a coordinate of time, or a year and month in the name of the file",
            found="none",
        )
    return [named]


def is_time(dataset: xr.Dataset, dim: str) -> bool:
    """Whether a dimension is that of time."""
    known = dim in dataset.variables and " since " in str(
        dataset[dim].attrs.get("units", "")
    )
    return known or "time" in dim.lower()


def is_single_time(dataset: xr.Dataset, name: str) -> bool:
    """Whether a variable is the one moment of a file."""
    units = str(dataset[name].attrs.get("units", ""))
    return " since " in units and dataset[name].size == 1


def decode_times(
    dataset: xr.Dataset, name: str, path: Path
) -> tuple[list[Moment], list[tuple[Moment, Moment]] | None]:
    """Moments of a coordinate of time, and the bounds that fit them.

    Raises
    ------
    InputError : units or a calendar that CF does not know
    """
    attributes = dataset[name].attrs
    bounds = attributes.get("bounds")
    wanted = [name, *([bounds] if bounds in dataset.variables else [])]
    try:
        decoded = xr.decode_cf(dataset[wanted], decode_times=TIMES)
        moments = list(np.ravel(decoded[name].values))
        moments[0].replace(day=1)  # numbers without units stay numbers
    except Exception:
        raise InputError(
            path,
            variable=name,
            expected="days (or hours) since a date, in a calendar that CF knows",
            found=f"'{attributes.get('units', 'no units')}' in the calendar"
            f" '{attributes.get('calendar', 'standard')}'",
        ) from None
    if len(wanted) == 1:
        return moments, None
    pairs = [tuple(pair) for pair in decoded[bounds].values.reshape(-1, 2)]
    fit = len(pairs) == len(moments) and all(
        start <= moment <= end and start < end
        for moment, (start, end) in zip(moments, pairs, strict=False)
    )
    return moments, pairs if fit else None


def read_layer(
    dataset: xr.Dataset,
    variable: str,
    *,
    index: int | None,
    rows: slice,
    grid: tuple[Axis, Axis],
    path: Path,
) -> np.ndarray:
    """Stored numbers (row, column) of one step, south to north and west to east.

    Parameters
    ----------
    index : along time; None where there is none
    rows : of the rising axis of latitude
    grid : latitude and longitude of the file

    Raises
    ------
    InputError : they cannot be read
    """
    latitude, longitude = grid
    where: dict[str, int | slice] = {latitude.name: latitude.places(rows)}
    for dim in map(str, dataset[variable].dims):
        if dim not in (latitude.name, longitude.name):
            where[dim] = index or 0
    try:
        part = dataset[variable].isel(where).transpose(latitude.name, longitude.name)
        values = part.values
    except Exception as error:
        raise InputError(
            path,
            variable=variable,
            expected="readable values",
            found=f"{type(error).__name__}: {error}",
        ) from error
    return longitude.turn(latitude.turn(values, 0), 1)
