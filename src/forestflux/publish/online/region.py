"""A region: a box of degrees, and the cells of the grid that it touches."""

import math
from dataclasses import dataclass
from pathlib import Path

from forestflux.core.grids.grid import Grid
from forestflux.core.input_errors import InputError
from forestflux.core.regions.region_file import read_shapes
from forestflux.jobs.settings.map_settings import check_box
from forestflux.sources.earthengine.request import ArchiveWindow

# Cells beyond a box by less than this share of a cell are not touched.
EDGE = 1e-6


@dataclass(frozen=True)
class Region:
    """A box.

    Attributes
    ----------
    west, south, east, north : degrees
    """

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        """Refuse a box that is none.

        Raises
        ------
        InputError : it is empty, crosses 180 degrees or leaves the globe
        """
        box = (self.west, self.south, self.east, self.north)
        try:
            check_box(box)
        except ValueError as error:
            raise InputError(
                "region",
                variable="west,south,east,north",
                expected=str(error),
                found=",".join(f"{number:g}" for number in box),
            ) from None

    def cells(self, grid: Grid) -> tuple[slice, slice]:
        """Rows and columns of the grid that the box touches."""
        step = grid.resolution_deg
        rows = slice(
            math.floor((90 - self.north) / step + EDGE),
            math.ceil((90 - self.south) / step - EDGE),
        )
        columns = slice(
            math.floor((self.west + 180) / step + EDGE),
            math.ceil((self.east + 180) / step - EDGE),
        )
        return rows, columns


def window_of(grid: Grid, rows: slice, columns: slice) -> ArchiveWindow:
    """Where some cells of the grid lie."""
    step = grid.resolution_deg
    return ArchiveWindow(
        crs="EPSG:4326",
        pixel=step,
        west=-180 + columns.start * step,
        north=90 - rows.start * step,
        shape=(rows.stop - rows.start, columns.stop - columns.start),
    )


def read_region(text: str) -> Region:
    """A region from `west,south,east,north`, or the box around the polygons of a file.

    Raises
    ------
    InputError : neither numbers nor a file with polygons
    """
    parts = text.split(",")
    if len(parts) == 4:
        try:
            return Region(*map(float, parts))
        except ValueError as error:
            raise InputError(
                "region",
                variable="west,south,east,north",
                expected="four numbers",
                found=text,
            ) from error
    file = Path(text)
    if not file.is_file():
        raise InputError(
            "region",
            variable="region",
            expected="west,south,east,north or a file of polygons",
            found=text,
        )
    boxes = [shape.bounds for shape in read_shapes(file)]
    west, south = (min(box[side] for box in boxes) for side in (0, 1))
    east, north = (max(box[side] for box in boxes) for side in (2, 3))
    if west == -180 and east == 180:
        raise InputError(
            file,
            variable="polygons",
            expected="polygons on one side of 180 degrees, whose box is asked for",
            found="some on both",
        )
    return Region(west, south, east, north)
