"""Jobs of the stages that work place by place and year by year: extract, cube, mask, infer."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import xarray as xr
from tqdm import tqdm

from forestflux.errors import InputError
from forestflux.store import (
    is_done,
    load_store,
    manifest_path,
    read_json,
    recipe_of,
    write_json,
    write_store,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stores:
    """Finished stores of a stage, as a job's manifest lists them.

    Attributes
    ----------
    folder : the stage's folder
    digests : {"place/year": digest of the store's content}
    """

    folder: Path
    digests: dict[str, str]

    def path(self, place: str, year: int) -> Path:
        """Path of a store."""
        return self.folder / place / f"{year}.zarr"

    def digest(self, place: str, year: int) -> str:
        """Digest of a store's content, as its job recorded it."""
        try:
            return self.digests[f"{place}/{year}"]
        except KeyError:
            raise InputError(
                self.folder,
                variable=f"{place}/{year}",
                expected="a store in the manifest",
                found="none",
            ) from None

    def load(
        self, place: str, year: int, variables: list[str] | None = None
    ) -> xr.Dataset:
        """A store in memory, every chunk checked."""
        return load_store(self.path(place, year), variables)


def upstream_stores(*manifests: Path) -> Stores:
    """Stores of one stage from the manifests of the jobs that wrote them."""
    digests = {}
    for manifest in manifests:
        digests |= read_json(manifest)["stores"]
    return Stores(manifests[0].parent, digests)


def run_stage(
    manifest: Path,
    places: list[str],
    years: list[int],
    *,
    recipe: Callable[[str, int], list],
    make: Callable[[str, int], xr.Dataset],
) -> None:
    """Make every store of a job that is not done yet, then write the job's manifest.

    A killed job loses at most the store that it was writing: started again it keeps the stores whose own
    manifests name the same recipe.

    Parameters
    ----------
    manifest : the job's manifest; the stores lie beside it in {place}/{year}.zarr
    recipe : everything that a store's content depends on, by place and year
    make : the dataset of a place and year
    """
    stores = Stores(manifest.parent, {})
    units = [(place, year) for place in places for year in years]
    made = 0
    for place, year in tqdm(units, desc=manifest.parent.name, disable=None):
        path = stores.path(place, year)
        wanted = recipe_of(recipe(place, year))
        if is_done(path, wanted):
            record = read_json(manifest_path(path))
        else:
            record = write_store(make(place, year), path, recipe=wanted)
            made += 1
        stores.digests[f"{place}/{year}"] = record["digest"]
    log.info("%d stores: %d made, %d kept", len(units), made, len(units) - made)
    write_json(manifest, {"stores": stores.digests})
