"""Loops over cells that are compiled when they are first used, in bfloat16 or float32.

numpy and torch would go through memory once for each step of a formula; here a cell
stays in the cache from its first number to its last. bfloat16 is the upper half of a
float32; numpy does not know it, so its arrays come as uint16. All of them release the
interpreter.
"""

import numpy as np
from numba import njit, types
from numba.extending import overload

# Sums may be taken in any order, the same in each run and for each cell.
LOOSE = {"contract", "reassoc", "nsz", "arcp", "nnan", "ninf"}
# Of `forestflux.models.convolution_blocks`: what GroupNorm adds to a variance.
EPSILON = np.float32(1e-5)


def widen(number: np.generic) -> np.float32:
    """A stored number as float32."""
    bits = np.asarray(number)
    if bits.dtype == np.uint16:
        bits = (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return np.float32(bits)


def narrow(number: np.float32, like: np.generic) -> np.generic:
    """A float32 rounded to the type of another number."""
    if np.asarray(like).dtype != np.uint16:
        return number
    bits = np.asarray(number, np.float32).view(np.uint32)
    return np.uint16((bits + np.uint32(0x8000)) >> np.uint32(16))


# How compiled code does the same: the type is known before it runs.
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
def relu(number: np.float32) -> np.float32:
    """A number where it is above zero, else zero."""
    return max(number, np.float32(0))


@njit(inline="always", fastmath=LOOSE)
def moments(first: np.ndarray, second: np.ndarray) -> tuple[np.float32, np.float32]:
    """Inverse standard deviation of a cell's numbers in both parts, and their mean times it."""
    total, square = np.float32(0), np.float32(0)
    for position in range(first.size):
        number = widen(first[position])
        total += number
        square += number * number
    for position in range(second.size):
        number = widen(second[position])
        total += number
        square += number * number
    count = np.float32(first.size + second.size)
    mean = total / count
    variance = square / count - mean * mean
    inverse = np.float32(1) / np.sqrt(variance + EPSILON)
    return inverse, mean * inverse


@njit(nogil=True, error_model="numpy", fastmath=LOOSE, cache=True)
def activate(
    rows: np.ndarray,
    across: np.ndarray,
    gain: np.ndarray,
    shift: np.ndarray,
    margin: int,
    padded: np.ndarray,
) -> None:
    """Normalise each cell, ReLU, and wrap the year around.

    Parameters
    ----------
    rows : (cell, row, number), step by step
    across : (cell, step, row, channel), the rows that come after them
    gain, shift : float32 (number,), of the normalisation, the same for each row
    margin : numbers by which the year is continued on each side
    padded : filled, (cell, row, margin + number + margin)
    """
    cells, count, size = rows.shape
    _, steps, more, channels = across.shape
    first, second = rows.reshape(cells, -1), across.reshape(cells, -1)
    for index in range(cells):
        inverse, offset = moments(first[index], second[index])
        for row in range(count):
            before = rows[index, row]
            year = padded[index, row, margin : margin + size]
            for position in range(size):
                number = widen(before[position]) * inverse - offset
                number = relu(number * gain[position] + shift[position])
                year[position] = narrow(number, year[position])
        for step in range(steps):
            for row in range(more):
                before, start = across[index, step, row], margin + step * channels
                year = padded[index, count + row, start : start + channels]
                for channel in range(channels):
                    number = widen(before[channel]) * inverse - offset
                    number = relu(number * gain[channel] + shift[channel])
                    year[channel] = narrow(number, year[channel])
        for row in range(count + more):
            whole = padded[index, row]
            whole[:margin] = whole[size : size + margin]
            whole[margin + size :] = whole[margin : 2 * margin]


@njit(nogil=True, error_model="numpy", fastmath=LOOSE, cache=True)
def pool(
    rows: np.ndarray,
    across: np.ndarray,
    gain: np.ndarray,
    shift: np.ndarray,
    pooled: np.ndarray,
) -> None:
    """Normalise each cell, ReLU, then the mean and the largest number of each feature.

    Parameters
    ----------
    rows, across, gain, shift : as in `activate`
    pooled : filled, float32 (cell, 2 * feature), means first; a feature is a channel of a row
    """
    cells, count, size = rows.shape
    _, steps, more, channels = across.shape
    first, second = rows.reshape(cells, -1), across.reshape(cells, -1)
    features = (count + more) * channels
    year, most = np.empty(size, np.float32), np.empty(size, np.float32)
    for index in range(cells):
        inverse, offset = moments(first[index], second[index])
        for row in range(count + more):
            if row < count:
                before = rows[index, row]
                for position in range(size):
                    number = widen(before[position]) * inverse - offset
                    year[position] = relu(number * gain[position] + shift[position])
            else:
                for step in range(steps):
                    for channel in range(channels):
                        number = widen(across[index, step, row - count, channel])
                        number = number * inverse - offset
                        number = relu(number * gain[channel] + shift[channel])
                        year[step * channels + channel] = number
            fold_steps(year, most, steps, channels)
            start = row * channels
            for channel in range(channels):
                pooled[index, start + channel] = year[channel] / np.float32(steps)
                pooled[index, features + start + channel] = most[channel]


@njit(inline="always", fastmath=LOOSE)
def fold_steps(total: np.ndarray, most: np.ndarray, steps: int, channels: int) -> None:
    """Sum and largest number over the steps, put into the first step of both arrays.

    The later half of the steps is folded onto the earlier one until one is left: these loops are
    long, while one over the channels of a step has only a few numbers.

    Parameters
    ----------
    total : float32 (number,), step by step; changed
    most : float32 (number,), overwritten
    """
    most[:] = total
    while steps > 1:
        half = steps // 2
        steps -= half
        count, later = half * channels, steps * channels
        sums, largest = total[later : later + count], most[later : later + count]
        for position in range(count):
            total[position] += sums[position]
        for position in range(count):
            most[position] = max(most[position], largest[position])


@njit(nogil=True, error_model="numpy", cache=True)
def split_valid(rows: np.ndarray, both: np.ndarray) -> None:
    """Values, zero in gaps, and whether they are values.

    Parameters
    ----------
    rows : float32 (row, step), NaN = gap
    both : filled, float32 (2 * row, step), values, then 1 where there is one
    """
    count, steps = rows.shape
    for row in range(count):
        for step in range(steps):
            value = rows[row, step]
            gap = np.isnan(value)
            both[row, step] = np.float32(0) if gap else value
            both[count + row, step] = np.float32(0) if gap else np.float32(1)


@njit(nogil=True, error_model="numpy", cache=True)
def smooth_over_gaps(
    sums: np.ndarray,
    inverse: np.ndarray,
    priors: tuple[np.float32, ...],
    smooth: np.ndarray,
    valid_share: np.ndarray,
) -> None:
    """`forestflux.models.normalised_convolution.smooth_over_gaps` from the sums over its windows.

    Parameters
    ----------
    sums : float32 (2 * row, 2 * step + 1), of values, then of what is valid: in the
        narrow windows, in the wide ones, in the year
    inverse : float32 (step,), 1 / whole weight of a narrow window
    priors : `forestflux.models.normalised_convolution.PRIOR_WEIGHTS`
    smooth, valid_share : filled, float32 (row, step)
    """
    count, steps = smooth.shape
    wide_prior, year_prior, zero_prior = priors
    for row in range(count):
        values, weights = sums[row], sums[count + row]
        year = values[2 * steps] / (weights[2 * steps] + zero_prior)
        for step in range(steps):
            nearby = values[steps + step] + year_prior * year
            nearby /= weights[steps + step] + year_prior
            weight = weights[step]
            mean = (values[step] + wide_prior * nearby) / (weight + wide_prior)
            smooth[row, step] = mean
            valid_share[row, step] = weight * inverse[step]
