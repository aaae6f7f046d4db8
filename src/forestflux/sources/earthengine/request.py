"""A request for pixels: what is asked, on which grid, how large it is, and how it is halved."""

from dataclasses import dataclass, replace

import numpy as np

# Limits of computePixels (Earth Engine documentation, projects.image/computePixels).
MAX_BYTES = 48 * 2**20
MAX_BANDS = 1024
MAX_SIDE = 32768
MASK_BYTES = 1  # counted for each band beside its own bytes


@dataclass(frozen=True)
class Band:
    """A band as it is sent.

    Attributes
    ----------
    name : in the collection
    dtype : of the numbers that arrive, which Earth Engine is told to cast to
    absent : number that stands where the archive has nothing
    """

    name: str
    dtype: str
    absent: float


@dataclass(frozen=True)
class PixelTable:
    """Which pixels are trusted, as a table of numbers that Earth Engine can look up.

    Attributes
    ----------
    quality : the quality band, empty where the product has none
    quality_absent : quality of a pixel that has none
    absent : number that stands for a pixel without a value
    missing : numbers that are no value, `absent` among them
    missing_reasons : code of the reason for each of them
    valid : least and greatest value of a pixel that counts; None where any does
    outside : code of the reason for a number below or above
    rejected : quality numbers that a rule rejects
    reasons : code of the reason for each of them
    fill_reason_from_quality : whether the quality tells why a pixel has no value
    """

    quality: str
    quality_absent: int
    absent: float
    missing: tuple[float, ...]
    missing_reasons: tuple[int, ...]
    valid: tuple[float, float] | None
    outside: int
    rejected: tuple[int, ...]
    reasons: tuple[int, ...]
    fill_reason_from_quality: bool


@dataclass(frozen=True)
class Average:
    """How finer pixels become the mean of a cell.

    Attributes
    ----------
    pixels : which of them count
    percents : code of each reason whose percent of the cell is asked for
    max_pixels : most pixels under a cell
    resolution_deg : side of a cell, degrees
    """

    pixels: PixelTable
    percents: tuple[int, ...]
    max_pixels: int
    resolution_deg: float


@dataclass(frozen=True)
class Layers:
    """What is asked of one collection for each image.

    Attributes
    ----------
    collection : id in Earth Engine
    bands : as they arrive, for each image
    average : how cells are averaged; None for native pixels. Then `bands` are the mean,
    the percent that is valid and the percents of the reasons
    summed : whether an image of ours is the sum of the archive's images of a step
    expression : an image as the client serialises it, of which `bands` are asked for in place of
        a collection's images; `collection` is then a name for messages
    """

    collection: str
    bands: tuple[Band, ...]
    average: Average | None = None
    summed: bool = False
    expression: str = ""

    @property
    def pixel_bytes(self) -> int:
        """Bytes of one pixel of one image by the counting rule of Earth Engine."""
        return sum(np.dtype(b.dtype).itemsize + MASK_BYTES for b in self.bands)


@dataclass(frozen=True)
class ArchiveWindow:
    """A window of pixels.

    Attributes
    ----------
    crs : code of the reference system
    pixel : side of a pixel in units of the crs
    west, north : north-west corner in units of the crs
    shape : rows and columns
    """

    crs: str
    pixel: float
    west: float
    north: float
    shape: tuple[int, int]

    def part(self, rows: slice, columns: slice) -> "ArchiveWindow":
        """A part of the window."""
        return replace(
            self,
            west=self.west + columns.start * self.pixel,
            north=self.north - rows.start * self.pixel,
            shape=(rows.stop - rows.start, columns.stop - columns.start),
        )

    def grid(self) -> dict:
        """The grid as Earth Engine wants it.

        Corners are rounded to a millionth of a pixel, so that a window has one grid
        whatever corner it is counted from.
        """
        digits = 6 - int(np.floor(np.log10(self.pixel)))
        return {
            "dimensions": {"width": self.shape[1], "height": self.shape[0]},
            "affineTransform": {
                "scaleX": self.pixel,
                "shearX": 0,
                "translateX": round(self.west, digits),
                "shearY": 0,
                "scaleY": -self.pixel,
                "translateY": round(self.north, digits),
            },
            "crsCode": self.crs,
        }


@dataclass(frozen=True)
class Request:
    """Some images of some layers in a window: one call of computePixels.

    Attributes
    ----------
    images : first day and day after the last of each image, ISO; the days of an image
    are the archive's own day, or a step where layers are summed
    """

    layers: Layers
    images: tuple[tuple[str, str], ...]
    window: ArchiveWindow

    @property
    def bands(self) -> int:
        """Bands that arrive."""
        return len(self.images) * len(self.layers.bands)

    @property
    def pixels(self) -> int:
        """Pixels of a band."""
        return self.window.shape[0] * self.window.shape[1]

    @property
    def bytes(self) -> int:
        """Size by the counting rule: pixels x sum over bands of their bytes and a mask byte."""
        return self.pixels * len(self.images) * self.layers.pixel_bytes

    def fits(self) -> bool:
        """Whether Earth Engine accepts the size."""
        return (
            self.bytes <= MAX_BYTES
            and self.bands <= MAX_BANDS
            and max(self.window.shape) <= MAX_SIDE
        )


def fit(request: Request) -> list[Request]:
    """Requests that Earth Engine accepts and that together are this one."""
    if request.fits():
        return [request]
    return [part for half in halves(request) for part in fit(half)]


def halves(request: Request) -> tuple[Request, Request]:
    """Two requests that together are this one: half of the images, else half of the window.

    Raises
    ------
    ValueError : one image of one pixel has no halves
    """
    count = len(request.images)
    if count == 1 or max(request.window.shape) > MAX_SIDE:
        return window_halves(request)
    return (
        replace(request, images=request.images[: count // 2]),
        replace(request, images=request.images[count // 2 :]),
    )


def window_halves(request: Request) -> tuple[Request, Request]:
    """Two requests for the halves of the window along its longer side.

    Raises
    ------
    ValueError : one pixel has no halves
    """
    rows, columns = request.window.shape
    if rows * columns == 1:
        raise ValueError("one pixel has no halves")
    whole_rows, whole_columns = slice(0, rows), slice(0, columns)
    if rows >= columns:
        north, south = slice(0, rows // 2), slice(rows // 2, rows)
        parts = (north, whole_columns), (south, whole_columns)
    else:
        west, east = slice(0, columns // 2), slice(columns // 2, columns)
        parts = (whole_rows, west), (whole_rows, east)
    first, second = (
        replace(request, window=request.window.part(*part)) for part in parts
    )
    return first, second


def join(
    request: Request,
    first: Request,
    arrays: tuple[list[np.ndarray], list[np.ndarray]],
) -> list[np.ndarray]:
    """Bands (image, row, column) of a request from those of its halves.

    Parameters
    ----------
    first : the first half
    arrays : bands of the first and of the second half
    """
    if len(first.images) < len(request.images):
        axis = 0
    else:
        axis = 1 if first.window.shape[0] < request.window.shape[0] else 2
    return [np.concatenate(pair, axis=axis) for pair in zip(*arrays, strict=True)]
