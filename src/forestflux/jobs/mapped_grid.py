"""The grid of a run with a region: the tiles that hold a part of it, found at planning time."""

from forestflux.core.grids.grid import Grid
from forestflux.core.input_errors import InputError
from forestflux.core.regions.run_region import find_areas, list_tiles
from forestflux.jobs.configuration import Configuration
from forestflux.jobs.settings.contradictions import MOST_TILES
from forestflux.jobs.settings.run_settings import MappedGridSettings


def choose_tiles(configuration: Configuration) -> MappedGridSettings:
    """The grid of the configuration with the tiles of its region.

    Raises
    ------
    InputError : the region is not as it must be, or has too many tiles
    """
    settings = configuration.grid.model_dump()
    grid = Grid(**settings)
    only = list_tiles(find_areas(configuration.region, grid), grid)
    if len(only) > MOST_TILES:
        raise InputError(
            "configuration",
            variable="grid.tile_cells",
            expected=f"tiles of which {MOST_TILES} or fewer hold the region",
            found=f"{grid.tile_cells}, {len(only)} tiles",
        )
    return MappedGridSettings(**settings, only=only)
