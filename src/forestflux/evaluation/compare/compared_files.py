"""Which files a compared product has; nothing heavy is imported, because the workflow asks too."""

import glob
from collections.abc import Iterable
from pathlib import Path

from forestflux.core.input_errors import InputError
from forestflux.jobs.small_files import refuse_odd_names

NETCDF, ZARR = (".nc", ".nc4"), ".zarr"
# A Zarr store is known to the workflow by the first of these that it has.
ZARR_METADATA = ("zarr.json", ".zmetadata", ".zgroup")


def list_compared_files(name: str, patterns: Iterable[str]) -> list[Path]:
    """Files and stores of a product, sorted, each once.

    Parameters
    ----------
    name : of the product, for the message
    patterns : paths, with `*` and `?` for any characters

    Raises
    ------
    InputError : a pattern finds nothing, or something that is neither NetCDF nor Zarr, or a
        name that does not print
    """
    found: set[Path] = set()
    for pattern in patterns:
        paths = [Path(path) for path in glob.glob(pattern)]
        if not paths:
            raise InputError(
                pattern,
                variable=f"compare.{name}.files",
                expected="NetCDF files or Zarr stores",
                found="nothing",
            )
        found |= set(paths)
    for path in sorted(found):
        if path.suffix not in (*NETCDF, ZARR):
            raise InputError(
                path,
                variable=f"compare.{name}.files",
                expected=f"a file that ends in {', '.join((*NETCDF, ZARR))}",
                found=path.suffix or "no suffix",
            )
    refuse_odd_names(sorted(found))
    return sorted(found)


def list_watched_files(paths: Iterable[Path]) -> list[Path]:
    """The files by which the workflow notices a change: of a Zarr store its metadata."""
    return [watched_file(path) for path in paths]


def watched_file(path: Path) -> Path:
    """The file itself, or the metadata of a Zarr store; the store where it has none."""
    if path.suffix != ZARR:
        return path
    metadata = (path / name for name in ZARR_METADATA)
    return next((file for file in metadata if file.is_file()), path)


def list_content(paths: Iterable[Path]) -> list[Path]:
    """Every file with content: the files, and all files within stores."""
    content: list[Path] = []
    for path in paths:
        within = (file for file in path.rglob("*") if file.is_file())
        content += sorted(within) if path.is_dir() else [path]
    return content
