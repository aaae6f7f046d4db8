"""The places of a run by their names: its towers, and the tiles of its grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from forestflux.core.grids.grid import Grid
from forestflux.core.grids.places import Place, TilePlace, TowerPlace
from forestflux.core.layers import REGION_SHARE
from forestflux.jobs.settings.run_settings import GridSettings
from forestflux.jobs.stages import Stores, upstream_stores
from forestflux.towers.tower_schemas import SITES


@dataclass(frozen=True)
class JobPlaces:
    """What a job knows of its places.

    Attributes
    ----------
    sites : table of the towers; of a job of tiles there is none
    grid : of the map; None for towers
    shares : stores with the share of each cell in the run's region; None where it has none
    """

    sites: Sequence[Path]
    grid: GridSettings | None
    shares: Stores | None

    @classmethod
    def of(
        cls, *, sites: Sequence[Path], region: Sequence[Path], grid: GridSettings | None
    ) -> "JobPlaces":
        """The places of a job that is given the manifests of the rule region, or none."""
        return cls(sites, grid, upstream_stores(*region) if region else None)

    def find(self, name: str) -> Place:
        """The towers, or a tile with its share of the region."""
        if name == "towers":
            return TowerPlace(SITES.read_file(self.sites[0]))
        assert self.grid is not None  # tiles come with a grid
        tile = Grid(**self.grid.model_dump()).tile(name)
        if self.shares is None:
            return TilePlace(tile)
        return TilePlace(tile, self.shares.load(name)[REGION_SHARE].values)
