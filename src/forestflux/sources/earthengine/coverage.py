"""What products cover: years and latitudes, checked before anything is asked for."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from forestflux.core.calendars.last_year import this_day
from forestflux.core.grids.grid import Tile
from forestflux.core.grids.places import Place, TilePlace, TowerPlace
from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.product_table import ProductTable
from forestflux.sources.earthengine.layer_groups import Group, groups_of
from forestflux.sources.earthengine.pixel_windows import check_grid


def check_run(
    products: ProductTable,
    *,
    tiles: Sequence[Tile],
    years: Sequence[int],
    tower_years: Sequence[int],
    today: date,
) -> None:
    """Refuse years, latitudes and a grid that the products of a run do not cover.

    Towers' latitudes are not known yet; they are checked before the first request.

    Parameters
    ----------
    products : the product table
    tiles, years : of the maps
    tower_years : of the towers
    today : which years are over

    Raises
    ------
    InputError : one line with the product, what it covers and what was asked
    """
    for table, some in products.eras(tower_years):
        groups = groups_of(table.column("tower"))
        check_years(groups, some, key="towers.years", today=today)
    places = [TilePlace(tile) for tile in tiles]
    for table, some in products.eras(years) if places else ():
        groups = groups_of(table.column(places[0].column))
        check_years(groups, some, key="years", today=today)
        for place in places:
            check_place(groups, place)


def check_coverage(groups: Sequence[Group], work: Sequence[tuple[Place, int]]) -> None:
    """Refuse places and years that a product does not cover, as `check_run` does."""
    for place, year in work:
        key = "towers.years" if isinstance(place, TowerPlace) else "years"
        check_years(groups, [year], key=key, today=this_day())
        check_place(groups, place)


def check_years(
    groups: Sequence[Group], years: Sequence[int], *, key: str, today: date
) -> None:
    """Refuse a year before a product begins, after it ends, or that is not over."""
    for group in groups:
        first, last = group.product.extract.years
        end = group.product.extract.last_year(today)
        outside = [year for year in years if not first <= year <= end]
        if outside:
            raise InputError(
                "configuration",
                variable=key,
                expected=f"{first} to {last or 'the last whole year'},"
                f" which {name_of(group)} covers",
                found=str(outside[0]),
            )


def check_place(groups: Sequence[Group], place: Place) -> None:
    """Refuse a place outside a product's latitudes, or on another grid than the product's."""
    for group in groups:
        if isinstance(place, TowerPlace):
            latitudes, half = place.latitudes, 0.0
        else:
            latitudes, half = place.tile.latitudes(), place.tile.grid.resolution_deg / 2
            check_grid(group.product, place)
        south, north = group.product.extract.latitudes
        lowest, highest = latitudes.min() - half, latitudes.max() + half
        if lowest < south - 1e-9 or highest > north + 1e-9:
            raise InputError(
                f"place {place.name}",
                variable=name_of(group),
                expected=f"latitudes from {south:g} to {north:g}, which it covers",
                found=f"{lowest:g} to {highest:g}",
            )


def name_of(group: Group) -> str:
    """A group's variables with the product, for messages."""
    return f"{', '.join(group.variables)} ({group.layers[0].collection})"


def missing_days(days: np.ndarray, year: int) -> list[str]:
    """First days of images that a regular series would have and the archive lacks, ISO.

    The interval is the commonest one between the images that are there.

    Parameters
    ----------
    days : first days of the images of a year, datetime64[D], rising
    """
    if len(days) < 2:
        return []
    gaps = np.diff(days).astype(int)
    interval = np.bincount(gaps).argmax()
    start = np.datetime64(f"{year}-01-01", "D")
    first = start + int((days[0] - start).astype(int)) % int(interval)
    regular = np.arange(first, np.datetime64(f"{year + 1}-01-01", "D"), interval)
    return [str(day) for day in np.setdiff1d(regular, days)]
