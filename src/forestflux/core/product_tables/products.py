"""Products: what a variable is in the archive and how its numbers are read.

A product has one part for each stage that reads it.
"""

from collections.abc import Callable, Collection
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AllowInfNan, model_validator

from forestflux.core.grids.pixel_grid import PixelGrid
from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.pixel_rules import Average, Number, PixelRules
from forestflux.core.reading.typed_input import FrozenModel

# A year after every handover.
LATEST = 9999

Part = Literal["extract", "cube", "mask"]
# What is stored where an archive has nothing may be no number.
StoredNumber = int | Annotated[float, AllowInfNan(True)]


class ArchiveNumbers(FrozenModel):
    """Numbers of the archive where it holds scaled ones."""

    dtype: str
    multiply: Number
    """From the archive's number to the stored one."""


class InputSeries(FrozenModel):
    """What models and pages know of an input series."""

    name: str
    units: str


def guess_cause(units: str) -> str:
    """The usual mistake behind numbers that a variable of this unit cannot have."""
    hints = {"K": "in Celsius or scaled?", "1": "scaled by 10,000?"}
    return hints.get(units, "another unit?")


class Simulation(FrozenModel):
    """What the sensors of the simulated planet record for a product."""

    quantity: str
    """A sensor of `forestflux.sources.simulated.sensors`, or a quantity of the planet as
    `forestflux.sources.simulated.sensor_records` names it."""
    multiply: float = 1.0
    """From the planet's unit to the stored number; sensors have their own."""
    noise: float = 0.0
    """Standard deviation of the error as a share of the value; sensors have their own."""
    add: Number = 0
    """Added to the stored number: how the product differs from the one before it. Not of
    precipitation."""
    quality: tuple[int, ...] = ()
    """What the quality band holds in place of a sensor's 0, 1, 2, ..."""
    fill: Number | None = None
    """Stored where a sensor of vegetation sees none, in place of the sensor's own number."""


class Extract(FrozenModel):
    """What is read of the archive and how it is stored."""

    collections: tuple[str, ...] = ()
    band: str
    quality_band: str | None = None
    dtype: str
    quality_dtype: str | None = None
    absent: StoredNumber
    """Stored value where the archive has nothing."""
    quality_absent: int = 0
    """Stored quality where the archive has nothing."""
    window: int
    """Native pixels of a cell on each side."""
    cells_per_pixel: int = 1
    """Cells along the side of a pixel of a product that is coarser than the grid; in the column
    `fine_tile` it follows from the grid of the maps."""
    sum_over_step: bool = False
    """Whether the source sums the days of a step."""
    classes: tuple[int, ...] = ()
    """Land cover classes whose percents of a cell are stored."""
    grid: PixelGrid | None = None
    years: tuple[int, int | None] = (0, None)
    """First and last year that the product covers; no last year where it still grows, by each
    year as soon as it is over."""
    latitudes: tuple[float, float] = (-90, 90)
    """South and north of what the product covers, degrees."""
    archive: ArchiveNumbers | None = None
    average: Average | None = None
    request_cells: int = 200
    """Side of one request in cells."""
    median: tuple[float, float] | None = None
    """Where the median of a tower's series lies if the unit of a user's table is right."""
    simulation: Simulation | None = None

    def last_year(self, today: date) -> int:
        """The last year that the product covers: the last that is over where it still grows."""
        return self.years[1] or today.year - 1

    def without_years(self) -> "Extract":
        """The same without what years are covered, on which no number depends."""
        content = self.model_dump(exclude_unset=True, exclude={"years"})
        return Extract.model_validate(content)

    @model_validator(mode="after")
    def check_quality(self) -> Self:
        """Refuse a quality band of which nobody says what stands where there is nothing.

        The default would be 0, which is the best quality of most products.
        """
        if self.quality_dtype is not None and "quality_absent" not in (
            self.model_fields_set
        ):
            raise ValueError("quality_absent beside quality_dtype")
        return self


class Cube(FrozenModel):
    """How images come onto the calendar of eight-day steps."""

    step_days: int
    """Length of an image, days."""
    daily: bool = False
    """Whether images are daily sums that are averaged over the step."""


class AverageShare(FrozenModel):
    """First and last bit of what the quality band of an average holds."""

    percent: tuple[int, int]
    """Percent of the cell that is valid."""
    reason: tuple[int, int]
    """Commonest reason of the rest."""


class Mask(PixelRules):
    """How stored numbers become physical values, and which of them are trusted."""

    scale: float
    offset: float
    per_composite: bool = False
    """Whether a stored value is the sum over the days of its image."""
    multiply: float = 1.0
    """From the product's unit to ours."""
    clip_below: float | None = None
    physical: tuple[float, float]
    """Range of the physical value that the variable can have at all."""
    share: AverageShare | None = None
    """Bits of the quality band of an average."""


class Product(FrozenModel):
    """What one column of the table holds for a variable."""

    units: str
    """Unit of the physical value, as UDUNITS reads it."""
    extract: Extract
    cube: Cube | None = None
    mask: Mask | None = None
    successor: "Successor | None" = None
    """What gives the variable from a year on."""

    def in_years(self, years: Collection[int]) -> "Product":
        """The product of some years: itself, its successor, or, across the handover, both."""
        after = self.successor
        if after is None:
            return self
        if years and min(years) >= after.first_year:
            return after.product
        if not years or max(years) < after.first_year:
            return self.model_copy(update={"successor": None})
        return self

    def last_year(self, today: date) -> int:
        """The last year that the product or its successor covers."""
        return self.in_years([LATEST]).extract.last_year(today)

    @property
    def last_collection(self) -> str:
        """The collection that gives the last year, else what else is read."""
        extract = self.in_years([LATEST]).extract
        return extract.collections[0] if extract.collections else extract.band

    def change_extract(self, change: Callable[[Extract], Extract]) -> "Product":
        """The product, and its successor, with another part `extract`."""
        after = self.successor
        if after is not None:
            later = after.product.change_extract(change)
            after = after.model_copy(update={"product": later})
        changed = {"extract": change(self.extract), "successor": after}
        return self.model_copy(update=changed)

    @property
    def is_average(self) -> bool:
        """Whether a stored number is the mean of a cell's finer pixels."""
        return self.extract.average is not None

    @property
    def is_class_cover(self) -> bool:
        """Whether the product is the percents of land cover classes."""
        return bool(self.extract.classes)

    @property
    def weighs_pixels(self) -> bool:
        """Whether its pixels lie across cells and are weighed by the area that they share.

        `forestflux.sources.cell_averages` does it, whatever source has the pixels.
        """
        made_of_pixels = self.is_average or self.is_class_cover
        return made_of_pixels and not self.grid.is_geographic

    @property
    def has_quality(self) -> bool:
        """Whether a quality band is stored; that of an average is our own."""
        return self.extract.quality_dtype is not None

    @property
    def grid(self) -> PixelGrid:
        """The grid of the product's own pixels.

        Raises
        ------
        InputError : the table names none
        """
        if self.extract.grid is None:
            raise InputError(
                "product table",
                variable=f"{self.extract.band}.grid",
                expected="the grid of the product's pixels",
                found="nothing",
            )
        return self.extract.grid

    @property
    def cells_before(self) -> int:
        """Cells by which the first pixel reaches beyond a tile's north-west corner.

        ERA5-Land has its grid points at whole tenths of a degree, so its pixels begin
        half a pixel before the meridian at 180 W and before the pole.
        """
        factor, grid = self.extract.cells_per_pixel, self.extract.grid
        if factor == 1 or grid is None:
            return 0
        return round((-180 - grid.corner[0]) / grid.pixel * factor)

    def native_shape(self, cells: tuple[int, int]) -> tuple[int, int]:
        """Rows and columns of native pixels over a place of so many cells."""
        window, coarse = self.extract.window, self.extract.cells_per_pixel
        before = self.cells_before
        rows, columns = (-(-(length * window + before) // coarse) for length in cells)
        return rows, columns

    def only(self, *parts: Part) -> "Product":
        """The product with these parts beside `extract`, which every stage reads."""
        return Product(
            units=self.units,
            extract=self.extract,
            cube=self.cube if "cube" in parts else None,
            mask=self.mask if "mask" in parts else None,
            successor=self.successor and self.successor.only(*parts),
        )


class Successor(FrozenModel):
    """The product that gives a variable from a year on."""

    first_year: int
    product: Product

    def only(self, *parts: Part) -> "Successor":
        """The same with these parts of its product."""
        return Successor(first_year=self.first_year, product=self.product.only(*parts))
