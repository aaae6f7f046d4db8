"""The season network at speed: several threads of a processor, channels last, compiled loops.

The same numbers as the network's own within rounding. The filters stay what they are; numbers of a
step lie together in memory, and gaps are smoothed over in one pass.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from forestflux.ensemble.fast.backends import smooth_in_loops
from forestflux.models.seasons.season_network import sum_rates
from forestflux.models.seasons.season_regressor import (
    SeasonRegressor,
    close_shares,
    split_samples,
)

# Cells that go through all layers together, so that they stay in the cache.
CELLS = 384


class FastSeason:
    """A trained season network on a processor, a `SeasonModel`.

    Parameters
    ----------
    regressor : trained
    workers : threads; they change no number
    """

    def __init__(self, regressor: SeasonRegressor, *, workers: int) -> None:
        """Lay the weights out channels last."""
        self.regressor, self.workers = regressor, workers
        network = regressor.network
        self.first, self.second, self.head = (
            part.weight.detach()
            .unsqueeze(2)
            .contiguous(memory_format=torch.channels_last)
            for part in (network.first, network.second, network.head)
        )

    def predict_shares(
        self,
        series: np.ndarray,
        lat: np.ndarray,
        forest_type: np.ndarray,
        *,
        years: np.ndarray,
    ) -> np.ndarray:
        """Share of each month (flux, sample, month), see `SeasonModel`."""
        parts = split_samples(series, lat, forest_type, years, size=CELLS)
        pool = ThreadPoolExecutor(
            self.workers, "season", initializer=torch.set_num_threads, initargs=(1,)
        )
        with pool:
            shares = list(pool.map(lambda part: self.shares(*part), parts))
        return close_shares(shares)

    @torch.inference_mode()
    def shares(self, *part: np.ndarray) -> np.ndarray:
        """Shares (sample, flux, month), float32, of samples as in `predict_shares`."""
        prepared, types, calendars = self.regressor.prepare_part(*part)
        network = self.regressor.network
        smooth, valid_share = smooth_in_loops(prepared, network.narrow, network.wide)
        rates = self.rates(smooth, valid_share, types)
        return sum_rates(rates, self.find_days(calendars)).numpy()

    def find_days(self, calendars: Tensor) -> Tensor:
        """Days of each step in each month, of each sample or, where all are alike, of all."""
        first = calendars[0]
        alike = bool((calendars == first).all())
        return self.regressor.step_days[first if alike else calendars]

    def rates(self, smooth: Tensor, valid_share: Tensor, types: Tensor) -> Tensor:
        """Logarithms of the rates (sample, flux, step); as `SeasonNetwork.rates`."""
        network = self.regressor.network
        gaps = 1 - valid_share
        year = torch.cat([smooth.mean(-1), gaps.mean(-1), types], dim=1)
        scale, shift = network.adjust(year)[:, :, None, None].chunk(2, dim=1)
        samples, series, steps = smooth.shape
        padded, inside = self.make_year(samples, 2 * series, steps)
        inside[:, :series, 0], inside[:, series:, 0] = smooth, gaps
        self.wrap(padded)
        found = functional.conv2d(padded, self.first, network.first.bias)
        found = torch.addcmul(shift, found, 1 + scale)
        padded, inside = self.make_year(samples, found.shape[1], steps)
        torch.ops.aten.silu.out(found, out=inside)
        self.wrap(padded)
        found = functional.conv2d(padded, self.second, network.second.bias)
        found = functional.silu(found, inplace=True)
        found = functional.conv2d(found, self.head, network.head.bias)
        return found.squeeze(2)

    def make_year(
        self, samples: int, features: int, steps: int
    ) -> tuple[Tensor, Tensor]:
        """Room for a year with what `wrap` adds, channels last, and the year itself within it.

        Both are to be filled: (sample, feature, 1, step).
        """
        reach = self.regressor.network.reach
        padded = torch.empty(
            (samples, features, 1, steps + 2 * reach), memory_format=torch.channels_last
        )
        return padded, padded[..., reach : reach + steps]

    def wrap(self, padded: Tensor) -> None:
        """Continue the year at both ends by its other end, in place."""
        reach = self.regressor.network.reach
        steps = padded.shape[-1] - 2 * reach
        padded[..., :reach] = padded[..., steps : steps + reach]
        padded[..., steps + reach :] = padded[..., reach : 2 * reach]
