"""Jobs that own several stores: those of places and years, and the global ones of years."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import xarray as xr
from tqdm import tqdm

from forestflux.core.errors import InputError
from forestflux.jobs.chunked import Pieced
from forestflux.jobs.store import (
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
    """Finished stores of a stage, as the manifests of its jobs list them.

    A store's key is its path below the stage's folder: ("r02c05", 2003), or (2003,) for
    global stores.

    Attributes
    ----------
    folder : the stage's folder
    digests : {"place/year": digest of the store's content}
    """

    folder: Path
    digests: dict[str, str]

    def path(self, *key: str | int) -> Path:
        """Path of a store."""
        return self.folder / f"{name_of(key)}.zarr"

    def digest(self, *key: str | int) -> str:
        """Digest of a store's content, as its job recorded it."""
        try:
            return self.digests[name_of(key)]
        except KeyError:
            raise InputError(
                self.folder,
                variable=name_of(key),
                expected="a store in the manifest",
                found="none",
            ) from None

    def listing(self) -> list[tuple[str, ...]]:
        """Keys of all stores, sorted."""
        return [tuple(name.split("/")) for name in sorted(self.digests)]

    def years(self) -> dict[int, Path]:
        """Path of each global store by its year."""
        return {int(year): self.path(year) for (year,) in self.listing()}

    def load(self, *key: str | int) -> xr.Dataset:
        """A store in memory, every chunk checked."""
        return load_store(self.path(*key))


def name_of(key: tuple) -> str:
    """A store's key as one word."""
    return "/".join(map(str, key))


def upstream_stores(*manifests: Path) -> Stores:
    """Stores of one stage from the manifests of the jobs that wrote them."""
    digests = {}
    for manifest in manifests:
        digests |= read_json(manifest)["stores"]
    return Stores(manifests[0].parent, digests)


def run_stage(
    manifest: Path,
    keys: list[tuple],
    *,
    recipe: Callable[..., list],
    make: Callable[..., xr.Dataset | Pieced],
    chunks: dict[str, int] | None = None,
    prepare: Callable[[list[tuple]], None] | None = None,
) -> None:
    """Make every store of a job that is not done yet, then write the job's manifest.

    A killed job loses at most the store that it was writing: started again it keeps the
    stores whose own manifests name the same recipe.

    Parameters
    ----------
    manifest : the job's manifest; the stores lie beside it, each under its key
    keys : the stores of the job: (place, year) or (year,)
    recipe : everything that a store's content depends on, called with a key
    make : the dataset of a store, called with a key
    chunks : length of a chunk per dimension, see `write_store`
    prepare : told first which stores are to be made, if any
    """
    stores = Stores(manifest.parent, {})
    made = 0
    if prepare is not None:
        wanting = [
            key
            for key in keys
            if not is_done(stores.path(*key), recipe_of(recipe(*key)))
        ]
        if wanting:
            prepare(wanting)
    for key in tqdm(keys, desc=manifest.parent.name, disable=None):
        path, wanted = stores.path(*key), recipe_of(recipe(*key))
        if is_done(path, wanted):
            record = read_json(manifest_path(path))
        else:
            record = write_store(make(*key), path, recipe=wanted, chunks=chunks)
            made += 1
        stores.digests[name_of(key)] = record["digest"]
    log.info("%d stores: %d made, %d kept", len(keys), made, len(keys) - made)
    write_json(manifest, {"stores": stores.digests})
