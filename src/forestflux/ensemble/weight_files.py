"""Files of plain arrays: weights of networks, reference points of the applicability.

The format is safetensors: it holds numbers alone, so that reading a file runs no code, and equal
arrays give equal bytes.
"""

from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from forestflux.core.input_errors import InputError


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays by name; equal arrays give equal bytes.

    Raises
    ------
    OSError : no room or no right to write, which the library's own writer would hide
    """
    path.write_bytes(save(arrays))


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file by name.

    Raises
    ------
    InputError : the file is damaged or of another format
    """
    try:
        return load_file(path)
    except (SafetensorError, TypeError) as error:  # TypeError: numbers unknown to NumPy
        raise InputError(
            path, variable="arrays", expected="a safetensors file", found=str(error)
        ) from error
