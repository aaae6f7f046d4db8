"""What is compared: the product, the maps of the common years, periods, grid and zones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from forestflux.change.map_cells import row_blocks
from forestflux.change.strata.latitude_bands import label_zones, zone_width
from forestflux.core.grids.grid import cell_area
from forestflux.core.input_errors import InputError
from forestflux.evaluation.compare.compared_product import ComparedProduct
from forestflux.jobs.stores.store import open_store

# Cells of all years of the maps that are held at once: 240 MB, and half as much again for the
# forest in them.
BAND_CELLS = 60_000_000
# Cells of the product that are averaged at once: some 250 MB.
PRODUCT_CELLS = 5_000_000


@dataclass(frozen=True)
class Period:
    """Years of which both means are compared.

    Attributes
    ----------
    kind : a year, a window of the configuration, or all common years
    years : those that are common
    """

    kind: Literal["year", "window", "all"]
    years: tuple[int, ...]

    @property
    def name(self) -> str:
        """`2003`, or `2003-2018`."""
        ends = dict.fromkeys((self.years[0], self.years[-1]))
        return "-".join(map(str, ends))


@dataclass(frozen=True)
class ComparisonPlan:
    """Everything but values.

    Attributes
    ----------
    product : that is compared
    maps : store of each common year, in order
    periods : years, windows and all years
    latitudes, longitudes : of the cells of the maps, north to south and west to east
    zone : (y,), zone of latitude of each row, counted from the north
    zone_deg : height of a zone, degrees
    """

    product: ComparedProduct
    maps: dict[int, Path]
    periods: tuple[Period, ...]
    latitudes: np.ndarray
    longitudes: np.ndarray
    zone: np.ndarray
    zone_deg: float

    @property
    def years(self) -> list[int]:
        """The common years."""
        return list(self.maps)

    @property
    def side_deg(self) -> float:
        """Side of a cell of the maps, degrees."""
        return float(self.longitudes[-1] - self.longitudes[0]) / (
            len(self.longitudes) - 1
        )

    def areas(self, rows: slice) -> np.ndarray:
        """Areas (row,) of the cells of some rows, m2."""
        return cell_area(self.latitudes[rows], self.side_deg)

    def edges(self, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        """Edges of the cells of some rows, north to south, and of all columns, degrees."""
        half = self.side_deg / 2
        south = self.latitudes[rows][-1] - half
        return (
            np.append(self.latitudes[rows] + half, south),
            np.append(self.longitudes - half, self.longitudes[-1] + half),
        )

    def product_rows(self, rows: slice) -> slice:
        """Rows of the product that lie in some rows of the maps, wholly or in part."""
        edges = self.product.grid[0].edges
        own = self.edges(rows)[0]
        first = int(np.searchsorted(edges, own[-1], side="right")) - 1
        last = int(np.searchsorted(edges, own[0], side="left"))
        return slice(max(first, 0), min(last, len(edges) - 1))

    def bands(self) -> Iterator[slice]:
        """Rows of the maps in bands of whole chunks that fit the memory."""
        blocks = list(row_blocks(next(iter(self.maps.values()))))
        rows = blocks[0].stop - blocks[0].start
        cells = rows * len(self.longitudes) * len(self.maps)
        count = max(1, BAND_CELLS // cells)
        for start in range(0, len(blocks), count):
            part = blocks[start : start + count]
            yield slice(part[0].start, part[-1].stop)

    def strips(self, rows: slice) -> Iterator[slice]:
        """A band of rows in strips of which the product's cells fit the memory."""
        product = self.product
        cells = product.grid[1].size * self.side_deg / product.resolution_deg
        count = max(1, int(PRODUCT_CELLS / cells))
        for start in range(rows.start, rows.stop, count):
            yield slice(start, min(start + count, rows.stop))


def plan_comparison(
    product: ComparedProduct,
    maps: dict[int, Path],
    *,
    windows: Sequence[tuple[int, int]],
    zone_width_deg: float,
) -> ComparisonPlan:
    """The plan of a product and of the maps of all years.

    Parameters
    ----------
    maps : store by year
    windows : first and last year of each
    zone_width_deg : height of a zone; a row of the grid where that is coarser

    Raises
    ------
    InputError : the product covers none of the mapped years
    """
    common = sorted(set(maps) & set(product.years))
    if not common:
        covered = list(product.years)
        raise InputError(
            product.files[0] if covered else f"compare.{product.name}",
            variable="time",
            expected=f"whole years among the mapped ones, {min(maps)}-{max(maps)}",
            found=f"{covered[0]}-{covered[-1]}" if covered else "no whole year",
        )
    first = open_store(maps[common[0]])
    latitudes, longitudes = first["y"].values, first["x"].values
    width = zone_width(float(longitudes[1] - longitudes[0]), zone_width_deg)
    return ComparisonPlan(
        product=product,
        maps={year: maps[year] for year in common},
        periods=tuple(list_periods(common, windows)),
        latitudes=latitudes,
        longitudes=longitudes,
        zone=label_zones(latitudes, width=width),
        zone_deg=width,
    )


def list_periods(
    years: Sequence[int], windows: Sequence[tuple[int, int]]
) -> Iterator[Period]:
    """Each year, each window that has common years, and all of them."""
    for year in years:
        yield Period("year", (year,))
    for first, last in windows:
        inside = tuple(year for year in years if first <= year <= last)
        if inside:
            yield Period("window", inside)
    yield Period("all", tuple(years))
