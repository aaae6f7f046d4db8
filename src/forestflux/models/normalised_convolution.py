"""Normalised convolution: series with gaps, smoothed without filling the gaps first.

A gap has no weight in the weighted mean of the values around it (Knutsson and Westin 1993,
doi 10.1109/CVPR.1993.341081).
"""

import torch
from torch import Tensor

# Standard deviations of the two windows, steps: the narrow one keeps a valid value
# nearly as it is, the wide one bridges gaps of weeks.
NARROW_SD, WIDE_SD = 0.6, 3.0
NEGLIGIBLE = 1e-6
# Weights, in valid values: of the wide window in the narrow one, of the annual mean in
# the wide one, and of zero (the mean of the training rows) in the annual mean.
PRIOR_WEIGHTS = (0.1, 0.3, 1.0)


def circular_window(sd: float, steps: int) -> Tensor:
    """Gaussian weights (step, step) between the steps of a year, taken as a circle."""
    step = torch.arange(steps)
    distance = (step[:, None] - step[None]).abs()
    distance = torch.minimum(distance, steps - distance)
    window = torch.exp(-0.5 * (distance / sd) ** 2)
    # Denormal numbers are very slow.
    return torch.where(window > NEGLIGIBLE, window, 0.0)


def smooth_over_gaps(
    series: Tensor, narrow: Tensor, wide: Tensor
) -> tuple[Tensor, Tensor]:
    """Series without gaps, and the valid share of each step; (sample, variable, step).

    The fewer valid values in the narrow window, the more the estimate falls back on the
    wide window, then the annual mean, then zero.

    Parameters
    ----------
    series : (sample, variable, step), standard deviations, NaN = gap
    narrow, wide : windows (step, step) from `circular_window`

    Returns
    -------
    smooth : weighted means of the valid values, standard deviations
    valid_share : share 0-1 of the narrow window's weight that lies on valid values
    """
    rows = series.flatten(0, -2)
    valid = (~torch.isnan(rows)).to(series.dtype)
    values = torch.where(valid > 0, rows, 0.0)
    wide_prior, year_prior, zero_prior = PRIOR_WEIGHTS
    year = values.sum(-1, keepdim=True) / (valid.sum(-1, keepdim=True) + zero_prior)
    nearby = (values @ wide + year_prior * year) / (valid @ wide + year_prior)
    weight = valid @ narrow
    smooth = (values @ narrow + wide_prior * nearby) / (weight + wide_prior)
    valid_share = weight / narrow.sum(0)
    return smooth.view(series.shape), valid_share.view(series.shape)
