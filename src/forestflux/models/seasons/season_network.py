"""The season network: how fast GPP and RECO go at each eight-day step of a year.

It gives the logarithm of two rates, up to a constant, at each step. What counts is their course:
the rates times the days that each step has in a month, divided by their sum over the year, are the
shares of the months. One set of filters serves all steps, so that every step of every site-year
teaches it, and a month follows from what the satellites saw in it and around it. The means of the
year and the forest type adjust the first features (feature-wise modulation: Perez et al. 2018,
arXiv 1709.07871).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from forestflux.core.calendars.eight_day import STEPS
from forestflux.models.network_inputs import TYPES
from forestflux.models.normalised_convolution import (
    NARROW_SD,
    WIDE_SD,
    circular_window,
    smooth_over_gaps,
)
from forestflux.models.seasons.shares import SHARED_FLUXES


class SeasonNetwork(nn.Module):
    """Logarithms of two rates from a year of series with gaps.

    Parameters
    ----------
    series : that it reads
    channels : features of a step
    kernel : steps that a filter sees, odd
    """

    def __init__(self, *, series: int, channels: int, kernel: int) -> None:
        """Build the layers. Their order here is the order in which weights are drawn."""
        super().__init__()
        self.reach = kernel // 2
        self.narrow: Tensor
        self.wide: Tensor
        for name, sd in (("narrow", NARROW_SD), ("wide", WIDE_SD)):
            window = circular_window(sd, STEPS)
            self.register_buffer(name, window, persistent=False)
        self.first = nn.Conv1d(2 * series, channels, kernel)
        self.second = nn.Conv1d(channels, channels, kernel)
        self.adjust = nn.Linear(2 * series + len(TYPES), 2 * channels)
        self.head = nn.Conv1d(channels, len(SHARED_FLUXES), 1)
        nn.init.zeros_(self.adjust.weight)
        nn.init.zeros_(self.adjust.bias)

    def forward(self, series: Tensor, types: Tensor) -> Tensor:
        """Logarithms of the rates of GPP and RECO (sample, flux, step).

        Parameters
        ----------
        series : (sample, series, step) in standard deviations, NaN = gap
        types : (sample, type) one-hot
        """
        smooth, valid_share = smooth_over_gaps(series, self.narrow, self.wide)
        return self.rates(smooth, valid_share, types)

    def rates(self, smooth: Tensor, valid_share: Tensor, types: Tensor) -> Tensor:
        """The same of series that are smoothed over their gaps.

        Parameters
        ----------
        smooth, valid_share : (sample, series, step), as `smooth_over_gaps` gives them
        """
        features = torch.cat([smooth, 1 - valid_share], dim=1)
        year = torch.cat([features.mean(-1), types], dim=1)
        scale, shift = self.adjust(year).unsqueeze(-1).chunk(2, dim=1)
        features = self.first(self.wrap(features)) * (1 + scale) + shift
        features = self.second(self.wrap(functional.silu(features)))
        return self.head(functional.silu(features))

    def wrap(self, features: Tensor) -> Tensor:
        """The year continued at both ends by its other end: circular padding."""
        return functional.pad(features, (self.reach, self.reach), mode="circular")


def sum_rates(rates: Tensor, step_days: Tensor) -> Tensor:
    """Shares of the months (sample, flux, month) from logarithms of rates (sample, flux, step).

    Parameters
    ----------
    step_days : days that each step has in each month of the year of a sample (sample, step,
        month), in the order of its rates; (step, month) where samples are alike
    """
    # A common factor does not matter; the largest rate is 1, so that none overflows.
    largest = rates.amax(dim=-1, keepdim=True)
    months = torch.exp(rates - largest) @ step_days
    return months / months.sum(dim=-1, keepdim=True)
