"""Jobs that own several stores: those of places and years, and the global ones of years."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import xarray as xr
from tqdm import tqdm

from forestflux.core.input_errors import InputError
from forestflux.jobs.checksums import make_build_key
from forestflux.jobs.manifests import (
    JobManifest,
    manifest_path,
    read_manifest,
    write_manifest,
)
from forestflux.jobs.stores.chunked import ChunkedDataset
from forestflux.jobs.stores.store import is_done, load_store, write_store
from forestflux.jobs.stores.store_checks import REMEDY, read_store_manifest

log = logging.getLogger(__name__)

# A place and a year, a place, or a year.
Key = tuple


@dataclass(frozen=True)
class Stores:
    """Finished stores of a stage, as the manifests of its jobs list them.

    A store's key is its path below the stage's folder: ("r02c05", 2003), or (2003,) for
    global stores.

    Attributes
    ----------
    folder : the stage's folder
    checksums : {"place/year": checksum of the store's content}
    """

    folder: Path
    checksums: dict[str, str]

    def path(self, *key: str | int) -> Path:
        """Path of a store, after its manifest is found to be the one that its job recorded.

        Raises
        ------
        InputError : no job lists the store; the store or its manifest is missing, damaged,
            edited or of another place or year
        """
        path, wanted = path_of(self.folder, key), self.checksum(*key)
        found = read_store_manifest(path).checksum
        if found != wanted:
            raise InputError(
                manifest_path(path),
                variable="checksum",
                expected=f"{wanted}, as its job recorded",
                found=f"{found}; {REMEDY}",
            )
        return path

    def checksum(self, *key: str | int) -> str:
        """Checksum of a store's content, as its job recorded it."""
        try:
            return self.checksums[name_of(key)]
        except KeyError:
            raise InputError(
                self.folder,
                variable=name_of(key),
                expected="a store in the manifest",
                found="none",
            ) from None

    def listing(self) -> list[tuple[str, ...]]:
        """Keys of all stores, sorted."""
        return [tuple(name.split("/")) for name in sorted(self.checksums)]

    def years(self) -> dict[int, Path]:
        """Path of each global store by its year."""
        return {int(year): self.path(year) for (year,) in self.listing()}

    def load(self, *key: str | int) -> xr.Dataset:
        """A store in memory, every chunk checked."""
        return load_store(self.path(*key))


def name_of(key: tuple) -> str:
    """A store's key as one word."""
    return "/".join(map(str, key))


def path_of(folder: Path, key: tuple) -> Path:
    """Where a stage's store lies, whether or not it is there."""
    return folder / f"{name_of(key)}.zarr"


def upstream_stores(*manifests: Path) -> Stores:
    """Stores of one stage from the manifests of the jobs that wrote them.

    Raises
    ------
    InputError : a manifest is missing, damaged, edited or of another form
    """
    checksums: dict[str, str] = {}
    for manifest in manifests:
        checksums |= read_manifest(manifest, JobManifest).stores
    return Stores(manifests[0].parent, checksums)


def run_stage(
    manifest: Path,
    keys: list[Key],
    *,
    build_key: Callable[..., list],
    make: Callable[[list[Key]], Iterable[xr.Dataset | ChunkedDataset]],
    chunks: dict[str, int] | None = None,
) -> None:
    """Make every store of a job that is not done yet, then write the job's manifest.

    A killed job loses at most the store that it was writing: started again it keeps the
    stores whose own manifests name the same build key and whose every byte is as written.

    Parameters
    ----------
    manifest : the job's manifest; the stores lie beside it, each under its key
    keys : the stores of the job: (place, year) or (year,)
    build_key : everything that a store's content depends on, called with a key
    make : datasets of the keys that it is given, in their order. It is called once, with
        all keys that have to be made, so that it can ask for everything at once or read
        ahead; each dataset is written before the next one is taken.
    chunks : length of a chunk per dimension, see `write_store`

    Raises
    ------
    ValueError : `make` gives fewer or more datasets than it was asked for
    """
    folder = manifest.parent
    wanted = {key: make_build_key(build_key(*key)) for key in keys}
    missing = [key for key in keys if not is_done(path_of(folder, key), wanted[key])]
    datasets = make(missing) if missing else ()
    progress = tqdm(
        zip(missing, datasets, strict=True),
        desc=manifest.parent.name,
        initial=len(keys) - len(missing),
        total=len(keys),
        disable=None,
    )
    for key, dataset in progress:
        store = path_of(folder, key)
        write_store(dataset, store, build_key=wanted[key], chunks=chunks)
    checksums = {
        name_of(key): read_store_manifest(path_of(folder, key)).checksum for key in keys
    }
    kept = len(keys) - len(missing)
    log.info("%d stores: %d made, %d kept", len(keys), len(missing), kept)
    write_manifest(manifest, JobManifest(stores=checksums))


def write_single_store(
    manifest: Path,
    name: str,
    dataset: xr.Dataset | ChunkedDataset,
    *,
    build_key: str,
    chunks: dict[str, int] | None = None,
) -> None:
    """Write the one store of a job beside its manifest, and the manifest last.

    Parameters
    ----------
    manifest : the job's manifest, which `upstream_stores` reads
    name : of the store
    build_key : checksum of everything that the store's content depends on
    chunks : length of a chunk per dimension, see `write_store`
    """
    store = path_of(manifest.parent, (name,))
    written = write_store(dataset, store, build_key=build_key, chunks=chunks)
    write_manifest(manifest, JobManifest(stores={name: written.checksum}))
