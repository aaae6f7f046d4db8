"""Loops of the dissimilarity index that are compiled when they are first used.

They are apart from the networks' loops, because the compiler's cache follows the file.
"""

import numpy as np
from numba import njit


@njit(nogil=True, error_model="numpy", cache=True)
def part_means(prepared: np.ndarray, ends: np.ndarray, means: np.ndarray) -> None:
    """Means of the parts of a year without its gaps.

    Parameters
    ----------
    prepared : float32 (cell, series, step), NaN = gap
    ends : step after the last one of each part
    means : filled, float64 (cell, series, part), NaN where a part has no value
    """
    cells, series, _ = prepared.shape
    for index in range(cells):
        for position in range(series):
            year, start = prepared[index, position], 0
            for part in range(ends.size):
                total, count = 0.0, 0
                for step in range(start, ends[part]):
                    if not np.isnan(year[step]):
                        total += year[step]
                        count += 1
                means[index, position, part] = total / count if count else np.nan
                start = ends[part]


@njit(nogil=True, error_model="numpy", fastmath={"reassoc", "nnan", "nsz"}, cache=True)
def find_nearest(
    square: np.ndarray, shared: np.ndarray, least: np.float32, position: np.ndarray
) -> None:
    """Where in each row the squared distance, over the part of it that is known, is smallest.

    Parameters
    ----------
    square, shared : float32 (row, column)
    least : columns of which less is shared do not count
    position : filled, int64 (row,), the first of equal ones; 0 where none counts
    """
    rows, columns = square.shape
    scaled = np.empty(columns, np.float32)
    for row in range(rows):
        for column in range(columns):
            known = shared[row, column]
            far = square[row, column] / max(known, least)
            scaled[column] = far if known >= least else np.float32(np.inf)
        smallest = np.float32(np.inf)
        for column in range(columns):
            smallest = min(smallest, scaled[column])
        position[row] = 0
        for column in range(columns):
            if scaled[column] == smallest:
                position[row] = column
                break
