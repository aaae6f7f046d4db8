"""Files of plain arrays: weights of networks, reference points of the applicability."""

import zipfile
from pathlib import Path

import numpy as np

from forestflux.core.errors import InputError


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write plain arrays that `numpy.load` reads; equal arrays give equal bytes.

    `numpy.savez` stamps each array with the time of day, so the archive is written
    here, with a fixed date.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in sorted(arrays.items()):
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w") as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file; objects are refused, because to load one runs its code."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)
    except ValueError as error:
        raise InputError(
            path, variable="arrays", expected="plain numbers", found=str(error)
        ) from error
