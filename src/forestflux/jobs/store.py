"""Stores and manifests: what is written whole, checked, and then recorded.

One job owns one store. A store counts as done only when its manifest, written last and
at once, is there and names the build key (checksum of code, configuration and inputs) with
which the job would make it again.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import xarray as xr
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec

from forestflux.core.errors import InputError
from forestflux.jobs.checksums import checksum_folder
from forestflux.jobs.chunked import ChunkedDataset, write_parts
from forestflux.jobs.small_files import read_json, write_json


def manifest_path(store: Path) -> Path:
    """The manifest beside a store: `2003.zarr` has `2003.zarr.json`."""
    return store.with_name(store.name + ".json")


def write_store(
    dataset: xr.Dataset | ChunkedDataset,
    path: Path,
    *,
    build_key: str = "",
    chunks: dict[str, int] | None = None,
    consolidated: bool = False,
) -> dict:
    """Write a Zarr 3 store whole and return its manifest, which is written last.

    Parameters
    ----------
    dataset : in memory, dask-backed or part by part; dimensions and units are the
        caller's contract
    path : the store, replaced if it is there
    build_key : checksum of what the store is made from
    chunks : length of a chunk per dimension; a whole dimension where not named
    consolidated : whether the group repeats the metadata of its arrays, so that a
        remote store opens with one request

    Raises
    ------
    InputError : a chunk is not on disk after the write
    OSError : the disk is full or not writable; the store has no manifest then
    """
    manifest = manifest_path(path)
    manifest.unlink(missing_ok=True)
    shutil.rmtree(path, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    in_parts = isinstance(dataset, ChunkedDataset)
    whole = dataset.template if isinstance(dataset, ChunkedDataset) else dataset
    whole = whole.assign_coords(
        # Zarr 3 specifies strings of variable length only.
        {
            n: (c.dims, c.values.astype(object))
            for n, c in whole.coords.items()
            if c.dtype.kind == "U"
        }
    )
    encoding = encoding_of(whole, chunks or {})
    for variable in whole.variables.values():
        variable.encoding = {}
    whole.to_zarr(
        path,
        mode="w",
        zarr_format=3,
        consolidated=consolidated,
        encoding=encoding,
        write_empty_chunks=True,
        compute=cast(Literal[True], not in_parts),  # stubs know no bool here
    )
    if isinstance(dataset, ChunkedDataset):
        write_parts(dataset, path)
    record = describe(path, build_key=build_key)
    write_json(manifest, record)
    return record


def encoding_of(
    dataset: xr.Dataset, chunks: dict[str, int]
) -> dict[str, dict[str, Any]]:
    """Chunks, compressors with checksums, and fill values of each variable."""
    encoding: dict[str, dict[str, Any]] = {}
    for key, array in dataset.variables.items():
        name = str(key)
        if array.dtype.kind == "O":
            continue
        encoding[name] = {
            "chunks": tuple(
                min(chunks.get(str(dim), size), size)
                for dim, size in array.sizes.items()
            ),
            "compressors": (
                BloscCodec(
                    cname="zstd",
                    clevel=3,
                    shuffle="shuffle",
                    typesize=array.dtype.itemsize,
                ),
                Crc32cCodec(),
            ),
        }
        if array.dtype.kind == "f":
            # CF refuses a fill value for a coordinate.
            fill = None if name in dataset.coords else np.array(np.nan, array.dtype)
            encoding[name]["_FillValue"] = fill
    return encoding


def describe(path: Path, *, build_key: str) -> dict:
    """What a store holds: variables, chunk counts, checksum of every byte; all is checked."""
    group = zarr.open_group(path, mode="r")
    variables = {}
    for name, array in sorted(group.arrays()):
        if array.nchunks_initialized != array.nchunks:
            raise InputError(
                path,
                variable=name,
                expected=f"{array.nchunks} chunks on disk",
                found=f"{array.nchunks_initialized}",
            )
        variables[name] = {
            "shape": list(array.shape),
            "dtype": str(array.dtype),
            "chunks": array.nchunks,
        }
    return {
        "store": path.name,
        "build_key": build_key,
        "variables": variables,
        "checksum": checksum_folder(
            sorted(p for p in path.rglob("*") if p.is_file()), path
        ),
    }


def is_done(path: Path, build_key: str) -> bool:
    """Whether the store is there, whole by its manifest, and made by this build key."""
    manifest = manifest_path(path)
    if not (path.is_dir() and manifest.is_file()):
        return False
    return read_json(manifest).get("build_key") == build_key


def open_store(path: Path) -> xr.Dataset:
    """Open a finished store lazily; values stay as stored (nothing is scaled, NaN is NaN).

    Raises
    ------
    InputError : the store or its manifest is missing, or does not open
    """
    if not path.is_dir():
        raise InputError(
            path, variable="store", expected="a Zarr store", found="nothing"
        )
    if not manifest_path(path).is_file():
        raise InputError(
            path,
            variable="manifest",
            expected=f"{manifest_path(path).name} beside the store",
            found="nothing (the job that writes it did not finish)",
        )
    try:
        dataset = xr.open_zarr(
            path, consolidated=False, chunks=None, mask_and_scale=False
        )
    except Exception as error:
        raise InputError(
            path, variable="store", expected="a readable Zarr 3 group", found=str(error)
        ) from error
    for variable in dataset.variables.values():
        variable.attrs.pop("_FillValue", None)  # the writer's, not the variable's own
    return dataset


def load_store(
    path: Path,
    variables: Iterable[str] | None = None,
    *,
    rows: slice = slice(None),
) -> xr.Dataset:
    """Read a finished store, or some of its variables and rows, into memory.

    Parameters
    ----------
    path : the store
    variables : names; all where not given
    rows : rows along `y`; cheap where they are those of chunks

    Raises
    ------
    InputError : a variable is missing, a chunk is missing or does not match its
    checksum
    """
    dataset = open_store(path)
    if "y" in dataset.dims:
        dataset = dataset.isel(y=rows)
    names = dataset.data_vars if variables is None else variables
    wanted = [str(name) for name in names]
    check_names(dataset, wanted, path)
    for name in wanted:
        check_chunks(path, name)
        read_values(dataset[name], path)
    # A selection alone would lose coordinates of dimensions that no variable has.
    return dataset[wanted].assign_coords(dataset.coords).load()


def load_part(
    dataset: xr.Dataset, variables: Iterable[str], **where: slice | np.ndarray
) -> xr.Dataset:
    """Read a part of some variables of an opened store into memory.

    Parameters
    ----------
    dataset : what `open_store` gives
    where : positions along dimensions, for example `y=slice(0, 400)`

    Raises
    ------
    InputError : a variable is missing, a chunk does not match its checksum
    """
    path, wanted = Path(dataset.encoding["source"]), list(variables)
    check_names(dataset, wanted, path)
    part = dataset[wanted].isel(where)
    for name in part.data_vars:
        read_values(part[name], path)
    return part


def check_names(dataset: xr.Dataset, names: Iterable[str], path: Path) -> None:
    """Refuse a store that lacks a variable."""
    for name in names:
        if name not in dataset:
            raise InputError(
                path,
                variable=name,
                expected="a variable of the store",
                found=f"only {', '.join(map(str, dataset.data_vars))}",
            )


def check_chunks(path: Path, name: str) -> None:
    """Refuse a variable of which chunks are missing: they would read as fill values."""
    record = read_json(manifest_path(path))["variables"].get(name, {})
    whole = record.get("chunks")
    there = zarr.open_array(path / name, mode="r").nchunks_initialized
    if whole is not None and there != whole:
        raise InputError(
            path, variable=name, expected=f"{whole} chunks", found=f"{there}"
        )


def read_values(array: xr.DataArray, path: Path) -> None:
    """Load an array of a store where it stands; one line for a damaged chunk."""
    try:
        array.load()
    except Exception as error:
        raise InputError(
            path,
            variable=str(array.name),
            expected="readable chunks",
            found=f"a damaged one ({type(error).__name__}: {error})",
        ) from error
