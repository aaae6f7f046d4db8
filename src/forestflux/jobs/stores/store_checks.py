"""Whether a store is what its job wrote: every byte against the checksum in its manifest.

A checksum within each chunk tells a damaged chunk, but neither a missing one nor one of another
store, and coordinates decide numbers as layers do. The checksum of a store covers the name and
the content of every file.
"""

import functools
import os
from pathlib import Path

import zarr

from forestflux.core.input_errors import InputError
from forestflux.core.reading.typed_input import FrozenModel
from forestflux.jobs.checksums import checksum_folder
from forestflux.jobs.manifests import Manifest, manifest_path, read_manifest
from forestflux.jobs.stores.chunked import blocks

# What helps against damage: the store's own manifest is nothing that Snakemake knows.
REMEDY = "to have it made again, delete the manifest of its job and run again"


class StoredArray(FrozenModel):
    """An array of a store: lengths of its dimensions, kind of number, chunks on disk."""

    shape: tuple[int, ...]
    dtype: str
    chunks: int


class StoreManifest(Manifest):
    """What is known of a finished store.

    Attributes
    ----------
    store : name of its folder
    build_key : checksum of what the store is made from
    variables : every array, coordinates too
    checksum : of names and contents of all files
    """

    store: str
    build_key: str
    variables: dict[str, StoredArray]
    checksum: str


def describe_store(path: Path, *, build_key: str) -> StoreManifest:
    """The manifest of a store that was just written, its chunks counted.

    Raises
    ------
    InputError : a chunk is not on disk
    """
    group = zarr.open_group(path, mode="r")
    variables = {}
    for name, array in sorted(group.arrays()):
        check_count(array, array.nchunks, path=path, name=name)
        variables[name] = StoredArray(
            shape=array.shape, dtype=str(array.dtype), chunks=array.nchunks
        )
    return StoreManifest(
        store=path.name,
        build_key=build_key,
        variables=variables,
        checksum=checksum_folder(list_files(path), path),
    )


def list_files(path: Path) -> list[Path]:
    """Every file of a store, sorted."""
    # Several times faster than a search with pathlib, and a job may own many stores.
    return sorted(
        Path(folder, name) for folder, _, names in os.walk(path) for name in names
    )


def read_store_manifest(path: Path) -> StoreManifest:
    """The manifest beside a store.

    Raises
    ------
    InputError : store or manifest is missing; the manifest is damaged, edited, or that of
        another store
    """
    if not path.is_dir():
        raise InputError(
            path, variable="store", expected="a Zarr store", found="nothing"
        )
    file = manifest_path(path)
    if not file.is_file():
        raise InputError(
            path,
            variable="manifest",
            expected=f"{file.name} beside the store",
            found="nothing (the job that writes it did not finish)",
        )
    manifest = read_manifest(file, StoreManifest)
    if manifest.store != path.name:
        raise InputError(
            file, variable="store", expected=path.name, found=manifest.store
        )
    return manifest


def verify_store(path: Path) -> StoreManifest:
    """The manifest of a store whose every byte is as its job wrote it.

    Bytes are compared once by each process, and again when a file of the store has changed.

    Raises
    ------
    InputError : store or manifest is missing, damaged, edited or of another store
    """
    manifest = read_store_manifest(path)
    files = list_files(path)
    facts = [(file.name, file.stat()) for file in files]
    state = hash(tuple((n, s.st_ino, s.st_size, s.st_mtime_ns) for n, s in facts))
    compare_bytes(path, manifest.seal, state)
    return manifest


# By the state of the files, not by path alone: what is kept is never stale.
@functools.lru_cache(maxsize=4096)
def compare_bytes(path: Path, seal: str, state: int) -> None:
    """Refuse a store whose files are not those that its manifest was written for.

    Parameters
    ----------
    seal, state : of manifest and files; another one is another call
    """
    manifest = read_store_manifest(path)
    if checksum_folder(list_files(path), path) != manifest.checksum:
        find_damage(path, manifest)
        raise InputError(
            path,
            variable="checksum",
            expected="every file as its job wrote it",
            found=f"files of another store or edited ones; {REMEDY}",
        )


def find_damage(path: Path, manifest: StoreManifest) -> None:
    """Refuse the first array of a store that is not whole; nothing if each is."""
    for name, facts in manifest.variables.items():
        try:
            array = zarr.open_array(path / name, mode="r")
        except Exception as error:
            raise damage(path, name, error) from error
        found = (array.shape, str(array.dtype), array.nchunks)
        if found != (facts.shape, facts.dtype, facts.chunks):
            raise InputError(
                path,
                variable=name,
                expected=f"{facts.dtype} of shape {facts.shape}",
                found=f"{found[1]} of shape {found[0]} in {found[2]} chunks; {REMEDY}",
            )
        check_count(array, facts.chunks, path=path, name=name)
        sizes = {str(axis): size for axis, size in enumerate(array.shape)}
        chunks = {str(axis): size for axis, size in enumerate(array.chunks)}
        for where in blocks(sizes, chunks):
            try:
                array[tuple(where.values())]
            except Exception as error:
                raise damage(path, name, error) from error


def check_count(array: zarr.Array, chunks: int, *, path: Path, name: str) -> None:
    """Refuse an array of which chunks are missing: they would read as fill values."""
    there = array.nchunks_initialized
    if there != chunks:
        raise InputError(
            path,
            variable=name,
            expected=f"{chunks} chunks",
            found=f"{there}; {REMEDY}",
        )


def damage(path: Path, name: str, error: Exception) -> InputError:
    """One line for an array that cannot be read."""
    return InputError(
        path,
        variable=name,
        expected="readable chunks",
        found=f"a damaged one ({type(error).__name__}: {error}); {REMEDY}",
    )
