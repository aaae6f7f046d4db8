"""Settings: grid, folders, jobs."""

from typing import Annotated

from forestflux.jobs.settings.section import PlainPath, Section, Unique, key


class GridSettings(Section):
    """The latitude-longitude grid of the maps."""

    resolution_deg: float = key(0.05, unit="degrees", ge=0.001, le=30)
    """Side of a cell; 180 must be a multiple of it. At least 0.001, about 100 m. Earth Engine
    serves 0.05, 0.01 and 0.005 (docs/how-to/resolution.md).
    """

    tile_cells: int = key(400, unit="cells", ge=1)
    """Rows and columns of a tile, the piece that is extracted and inferred at once."""


class MappedGridSettings(GridSettings):
    """The grid of the maps with the tiles that a run maps, as jobs are told."""

    only: Annotated[tuple[str, ...], Unique] = key((), unit="tile names")
    """Names of the tiles that hold a part of the region; empty for all."""


class FolderSettings(Section):
    """Where files lie; a folder for each run is made below (docs/how-to/cluster.md)."""

    results: Annotated[str, PlainPath] = key("results", unit="path")
    """Folder of all results, absolute or relative to the working directory."""

    scratch: Annotated[str | None, PlainPath] = key(None, unit="path")
    """Folder of the stores of extract and cube, on which nothing depends once mask is
    done; null for that of the results.
    """


class JobSettings(Section):
    """How much one job owns.

    A job's start costs seconds; a killed job loses the store or network that it was making.
    """

    tiles: int = key(4, unit="tiles", ge=1)
    """Tiles of an extract, cube, mask or infer job."""

    years: int = key(1, unit="years", ge=1)
    """Mapped years of a job."""

    tower_years: int = key(30, unit="years", ge=1)
    """Tower years of an extract, cube or mask job."""

    folds: int = key(1, unit="folds", ge=1)
    """Folds of a train or baseline job."""

    members: int = key(1, unit="members", ge=1)
    """Ensemble members of a train job."""
