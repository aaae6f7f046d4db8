"""Stores and manifests: what is written whole, checked, and then recorded.

One job owns one store. A store counts as done only when its manifest, written last and
at once, is there and names the build key (checksum of code, configuration and inputs) with
which the job would make it again, and when every byte is as the manifest has it.
"""

import logging
import shutil
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, cast

import numcodecs
import numpy as np
import xarray as xr
from zarr.codecs import BloscCodec, Crc32cCodec
from zarr.errors import ZarrUserWarning

from forestflux.core.input_errors import InputError
from forestflux.jobs.manifests import manifest_path, write_manifest
from forestflux.jobs.stores.chunked import ChunkedDataset, write_parts
from forestflux.jobs.stores.store_checks import (
    StoreManifest,
    damage,
    describe_store,
    read_store_manifest,
    verify_store,
)

log = logging.getLogger(__name__)


def write_store(
    dataset: xr.Dataset | ChunkedDataset,
    path: Path,
    *,
    build_key: str = "",
    chunks: dict[str, int] | None = None,
    zarr_format: Literal[2, 3] = 3,
) -> StoreManifest:
    """Write a Zarr store whole and return its manifest, which is written last.

    Its group repeats the metadata of its arrays, so that it opens with one request and a plain
    `xr.open_zarr` has nothing to warn of.

    Parameters
    ----------
    dataset : in memory, dask-backed or part by part; dimensions and units are the
        caller's contract
    path : the store, replaced if it is there
    build_key : checksum of what the store is made from
    chunks : length of a chunk per dimension; a whole dimension where not named
    zarr_format : 2 for readers that know no other, without checksums of the chunks

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
    encoding = encoding_of(whole, chunks or {}, zarr_format=zarr_format)
    for variable in whole.variables.values():
        variable.encoding = {}
    with warnings.catch_warnings():
        # Consolidated metadata are in no specification of Zarr 3 yet, but readers know
        # them, and those that do not read the arrays' own.
        warnings.simplefilter("ignore", ZarrUserWarning)
        whole.to_zarr(
            path,
            mode="w",
            zarr_format=zarr_format,
            consolidated=True,
            encoding=encoding,
            write_empty_chunks=True,
            compute=cast(Literal[True], not in_parts),  # stubs know no bool here
        )
    if isinstance(dataset, ChunkedDataset):
        write_parts(dataset, path)
    return write_manifest(manifest, describe_store(path, build_key=build_key))


def encoding_of(
    dataset: xr.Dataset, chunks: dict[str, int], *, zarr_format: Literal[2, 3]
) -> dict[str, dict[str, Any]]:
    """Chunks, compressors (with checksums in version 3), and fill values of each variable."""
    encoding: dict[str, dict[str, Any]] = {}
    for key, array in dataset.variables.items():
        name, text = str(key), array.dtype.kind == "O"
        compressors: tuple = (
            BloscCodec(
                cname="zstd",
                clevel=3,
                shuffle="noshuffle" if text else "shuffle",
                typesize=1 if text else array.dtype.itemsize,
            ),
            Crc32cCodec(),
        )
        if zarr_format == 2:
            # What every reader of version 2 knows; a checksum would be a codec more.
            shuffle = numcodecs.Blosc.NOSHUFFLE if text else numcodecs.Blosc.SHUFFLE
            compressors = (numcodecs.Blosc("zstd", clevel=3, shuffle=shuffle),)
        encoding[name] = {
            "chunks": tuple(
                min(chunks.get(str(dim), size), size)
                for dim, size in array.sizes.items()
            ),
            "compressors": compressors,
        }
        if array.dtype.kind == "f":
            # CF refuses a fill value for a coordinate.
            fill = None if name in dataset.coords else np.array(np.nan, array.dtype)
            encoding[name]["_FillValue"] = fill
    return encoding


def is_done(path: Path, build_key: str) -> bool:
    """Whether the store is there, made by this build key, and whole to the last byte.

    A damaged one is as good as none: the job makes it again.
    """
    if not (path.is_dir() and manifest_path(path).is_file()):
        return False
    try:
        # The build key first: nothing needs to be read of a store that is stale.
        if read_store_manifest(path).build_key != build_key:
            return False
        verify_store(path)
    except InputError as error:
        log.info("%s", error)
        return False
    return True


def open_store(path: Path) -> xr.Dataset:
    """Open a finished store lazily; values stay as stored (nothing is scaled, NaN is NaN).

    Every byte was compared with the manifest before, see `verify_store`.

    Raises
    ------
    InputError : the store or its manifest is missing, damaged, edited or of another store
    """
    verify_store(path)
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
    optional: Iterable[str] = (),
    rows: slice = slice(None),
) -> xr.Dataset:
    """Read a finished store, or some of its variables and rows, into memory.

    Parameters
    ----------
    path : the store
    variables : names; all where not given
    optional : more names, of variables that a store may lack
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
    wanted += [name for name in optional if name in dataset and name not in wanted]
    check_names(dataset, wanted, path)
    # A selection alone would lose coordinates of dimensions that no variable has.
    part = dataset[wanted].assign_coords(dataset.coords)
    read_values(part, path)
    return part


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
    read_values(part, path)
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


def check_year(dataset: xr.Dataset, year: int, path: Path) -> None:
    """Refuse a store of another year."""
    found = dataset.attrs.get("year")
    if found != year:
        raise InputError(path, variable="year", expected=str(year), found=str(found))


def read_values(part: xr.Dataset, path: Path) -> None:
    """Load all values of a part of a store where they stand; one line for a damaged chunk."""
    for name, variable in part.variables.items():
        try:
            variable.load()
        except Exception as error:
            raise damage(path, str(name), error) from error
