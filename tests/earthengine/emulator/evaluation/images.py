"""Images as the evaluator sees them: bands that compute the pixels of a grid when asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np

from tests.earthengine.emulator.errors import Refused
from tests.earthengine.emulator.evaluation.grids import PixelGrid

Pixels = tuple[np.ndarray, np.ndarray]

# A request whose pixels are coarser than the product's by more than this is answered by
# Earth Engine from the image pyramid.
SAME_SCALE = 1.01


@dataclass(frozen=True)
class Band:
    """A band that knows how to compute its pixels.

    Attributes
    ----------
    name : of the band
    dtype : numpy type of its values
    compute : values and mask (row, column) on a grid; of an array band values (row,
        column, axis, ...), where row and column may be 1 for arrays alike everywhere
    native : the grid on which the band is at home, None for constants
    footprint : whether pixels of a grid lie in the image's footprint, None everywhere
    axes : of the array that each pixel holds, 0 for a number
    """

    name: str
    dtype: np.dtype
    compute: Callable[[PixelGrid], Pixels]
    native: PixelGrid | None = None
    footprint: Callable[[PixelGrid], np.ndarray] | None = None
    axes: int = 0

    def at(self, grid: PixelGrid) -> Pixels:
        """Values and mask (True where there is a value) on a grid."""
        kept = grid.recall(id(self.compute))
        if kept is not None:
            return kept[1]
        values, mask = self.compute(grid)
        result = values.astype(self.dtype, copy=False), mask
        # With the function itself, so that its id is not given to another one.
        grid.remember(id(self.compute), (self.compute, result))
        return result


@dataclass(frozen=True)
class Image:
    """Bands and properties."""

    bands: tuple[Band, ...]
    properties: dict = field(default_factory=dict)
    id: str | None = None

    def names(self) -> list[str]:
        """Names of the bands."""
        return [band.name for band in self.bands]

    def with_properties(self, **values) -> "Image":
        """The same bands with other or further properties."""
        return replace(self, properties={**self.properties, **values})


@dataclass(frozen=True)
class ImageCollection:
    """Images in order.

    Attributes
    ----------
    images : the images
    id : of the asset, None for what was computed
    times : `system:time_start` of each image where they rise, else None
    """

    images: tuple[Image, ...]
    id: str | None = None
    times: tuple[int, ...] | None = None


def sampled(native: PixelGrid, look_up: Callable[[PixelGrid], Pixels]) -> Callable:
    """How a stored band is computed: by nearest neighbour, never from the image pyramid."""

    def compute(grid: PixelGrid) -> Pixels:
        refuse_pyramid(grid, native)
        return look_up(grid)

    return compute


def refuse_pyramid(grid: PixelGrid, native: PixelGrid) -> None:
    """Refuse pixels coarser than the product's own.

    Raises
    ------
    Refused : Earth Engine would answer from the image pyramid without a word
    """
    across = grid.pixels_across(native)
    if across > SAME_SCALE:
        raise Refused(
            f"Pixels of {grid.step[0]:g} ({grid.crs}) are {across:.4g} times those of"
            f" the image ({native.step[0]:g}, {native.crs}): Earth Engine would take"
            " them from the image pyramid. Use reduceResolution."
        )


def combined(
    name: str,
    dtype: np.dtype,
    function: Callable[..., np.ndarray],
    *bands: Band,
    finite: str = "",
) -> Band:
    """A band computed pixel by pixel, element by element; masked where any of them is.

    Parameters
    ----------
    finite : name of an algorithm that is refused where it gives no number

    Raises
    ------
    Refused : arrays of different numbers of axes
    """
    axes = {band.axes for band in bands if band.axes}
    if len(axes) > 1:
        raise Refused(f"Arrays of {min(axes)} and of {max(axes)} axes do not combine.")

    def compute(grid: PixelGrid) -> Pixels:
        parts = [band.at(grid) for band in bands]
        mask = reduce(np.logical_and, (mask for _, mask in parts))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            values = function(*lined_up(bands, [values for values, _ in parts]))
        if (
            finite
            and not np.isfinite(values[np.broadcast_to(mask, values.shape[:2])]).all()
        ):
            raise Refused(f"{finite} gives no finite number at some pixel.")
        if axes:
            size = int(np.prod(values.shape[2:]))
            grid.count(element_operations=size, written=size)
        return values, mask

    first = bands[0]
    return Band(
        name,
        np.dtype(dtype),
        compute,
        first_native(*bands),
        first.footprint,
        max(axes, default=0),
    )


def lined_up(bands: Sequence[Band], values: list[np.ndarray]) -> list[np.ndarray]:
    """Values that combine: arrays alike in length, a number with every element of an array.

    Raises
    ------
    Refused : arrays of different lengths
    """
    lengths = {v.shape[2:] for band, v in zip(bands, values, strict=True) if band.axes}
    if len(lengths) > 1:
        shapes = " and ".join("x".join(map(str, shape)) for shape in sorted(lengths))
        raise Refused(f"Arrays must have the same lengths on all axes, got {shapes}.")
    axes = max((len(shape) for shape in lengths), default=0)
    return [
        v if band.axes else v.reshape(*v.shape, *(1,) * axes)
        for band, v in zip(bands, values, strict=True)
    ]


def first_native(*bands: Band) -> PixelGrid | None:
    """The grid of the first band that has one."""
    return next((band.native for band in bands if band.native is not None), None)


def converted(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Values in another type: clamped to its range, fractions cut off."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    if values.dtype.kind == "f":
        values = np.nan_to_num(np.trunc(values))
    return np.clip(values, limits.min, limits.max).astype(dtype)


def constant_band(value: float, name: str = "constant") -> Band:
    """A band of one value everywhere."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    dtype = np.min_scalar_type(value) if whole else np.dtype("float64")
    filled = np.array(value, dtype)

    def compute(grid: PixelGrid) -> Pixels:
        return np.full(grid.shape, filled), np.ones(grid.shape, bool)

    return Band(name, filled.dtype, compute)
