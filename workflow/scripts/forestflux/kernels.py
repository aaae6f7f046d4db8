"""Loops over cells that are compiled when they are first used, in bfloat16 or float32.

numpy and torch would go through memory once for each step of a formula; here a cell
stays in the cache from its first number to its last. bfloat16 is the upper half of a
float32; numpy does not know it, so its arrays come as uint16. All of them release the
interpreter.
"""

import numpy as np
from numba import njit, types
from numba.extending import overload

# No sum depends on the order in which cells come, so these change nothing between runs.
LOOSE = {"contract", "reassoc", "nsz", "arcp", "nnan", "ninf"}
# Of `forestflux.network`: what GroupNorm adds to a variance.
EPSILON = np.float32(1e-5)


def widen(number: np.generic) -> np.float32:
    """A stored number as float32."""


def narrow(number: np.float32, like: np.generic) -> np.generic:
    """A float32 as it is stored, rounded to nearest, in the type of another number."""


@overload(widen, strict=False, inline="always")
def _widen(number: types.Type) -> object:
    if number == types.uint16:
        return lambda number: np.uint32(np.uint32(number) << np.uint32(16)).view(
            np.float32
        )
    return lambda number: number


@overload(narrow, strict=False, inline="always")
def _narrow(number: types.Type, like: types.Type) -> object:
    if like != types.uint16:
        return lambda number, like: number

    def rounded(number: np.float32, like: np.uint16) -> np.uint16:
        bits = np.uint32(np.float32(number).view(np.uint32))
        return np.uint16(np.uint32(bits + np.uint32(0x8000)) >> np.uint32(16))

    return rounded


@njit(inline="always")
def silu(number: np.float32) -> np.float32:
    """x sigmoid(x) = x / 2 (1 + tanh(x / 2)), within 1e-4.

    tanh is the continued fraction of Lambert, cut after seven terms; where that is more
    than one it is one.
    """
    half = np.float32(0.5) * number
    x = min(max(half, np.float32(-4.97)), np.float32(4.97))
    q = x * x
    above = np.float32(135135) + q * (np.float32(17325) + q * (np.float32(378) + q))
    below = np.float32(135135) + q * (
        np.float32(62370) + q * (np.float32(3150) + q * np.float32(28))
    )
    return half + half * (x * above / below)


@njit(inline="always", fastmath=LOOSE)
def moments(cell: np.ndarray) -> tuple[np.float32, np.float32]:
    """Inverse standard deviation of a cell (step, feature), and the mean over it."""
    rows, width = cell.shape
    total, square = np.float32(0), np.float32(0)
    for row in range(rows):
        for column in range(width):
            number = widen(cell[row, column])
            total += number
            square += number * number
    size = np.float32(rows * width)
    mean = total / size
    inverse = np.float32(1) / np.sqrt(square / size - mean * mean + EPSILON)
    return inverse, mean * inverse


@njit(nogil=True, error_model="numpy", fastmath=LOOSE, cache=True)
def activate(
    filtered: np.ndarray,
    gain: np.ndarray,
    shift: np.ndarray,
    margin: int,
    padded: np.ndarray,
) -> None:
    """Normalise each cell, SiLU, and wrap the year around.

    Parameters
    ----------
    filtered : (cell, step, feature), the last dimension contiguous
    gain, shift : float32 (step, feature), of the normalisation
    margin : numbers that the year is continued by on each side
    padded : filled, (cell, margin + step * feature + margin)
    """
    cells, rows, width = filtered.shape
    size = rows * width
    for index in range(cells):
        cell = filtered[index]
        inverse, offset = moments(cell)
        year = padded[index, margin : margin + size]
        for row in range(rows):
            source, target = cell[row], year[row * width : (row + 1) * width]
            a, b = gain[row], shift[row]
            for column in range(width):
                number = widen(source[column]) * inverse - offset
                number = silu(number * a[column] + b[column])
                target[column] = narrow(number, target[column])
        padded[index, :margin] = year[size - margin :]
        padded[index, margin + size :] = year[:margin]


@njit(nogil=True, error_model="numpy", fastmath=LOOSE, cache=True)
def pool(
    filtered: np.ndarray,
    gain: np.ndarray,
    shift: np.ndarray,
    features: int,
    pooled: np.ndarray,
) -> None:
    """Normalise each cell, SiLU, then the mean and the largest number of each feature.

    Parameters
    ----------
    filtered, gain, shift : as in `activate`
    features : numbers of a step; the last dimension of `filtered` holds whole steps
    pooled : filled, float32 (cell, 2 * features), means first
    """
    cells, rows, width = filtered.shape
    steps = rows * width // features
    year = np.empty(rows * width, np.float32)
    for index in range(cells):
        cell = filtered[index]
        inverse, offset = moments(cell)
        for row in range(rows):
            source, target = cell[row], year[row * width : (row + 1) * width]
            a, b = gain[row], shift[row]
            for column in range(width):
                number = widen(source[column]) * inverse - offset
                target[column] = silu(number * a[column] + b[column])
        mean, most = pooled[index, :features], pooled[index, features:]
        mean[:], most[:] = year[:features], year[:features]
        for step in range(1, steps):
            numbers = year[step * features : (step + 1) * features]
            for column in range(features):
                mean[column] += numbers[column]
                most[column] = max(most[column], numbers[column])
        for column in range(features):
            mean[column] /= np.float32(steps)


@njit(nogil=True, error_model="numpy", cache=True)
def pack(ready: np.ndarray, half: int, padded: np.ndarray) -> None:
    """Series beside the flags of their gaps, the year wrapped around.

    Parameters
    ----------
    ready : float32 (cell, series, step), NaN = gap
    half : steps that the year is continued by on each side
    padded : filled, (cell, half + step + half, feature); the features are the series, 0
        where there is a gap, then the flags, then zeros
    """
    cells, series, steps = ready.shape
    for index in range(cells):
        cell = padded[index]
        for position in range(series):
            source = ready[index, position]
            for step in range(steps):
                number = source[step]
                gap = np.isnan(number)
                target = cell[step + half]
                target[position] = narrow(
                    np.float32(0) if gap else number, target[position]
                )
                target[series + position] = narrow(
                    np.float32(gap), target[series + position]
                )
        cell[:half] = cell[steps : steps + half]
        cell[steps + half :] = cell[half : half + half]
