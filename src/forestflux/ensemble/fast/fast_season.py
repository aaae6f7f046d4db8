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
CELLS = 256


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
        return sum_rates(rates, self.regressor.step_days[calendars]).numpy()

    def rates(self, smooth: Tensor, valid_share: Tensor, types: Tensor) -> Tensor:
        """Logarithms of the rates (sample, flux, step); as `SeasonNetwork.rates`."""
        network = self.regressor.network
        features = torch.cat([smooth, 1 - valid_share], dim=1)
        year = torch.cat([features.mean(-1), types], dim=1)
        scale, shift = network.adjust(year)[:, :, None, None].chunk(2, dim=1)
        packed = features.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        found = functional.conv2d(self.wrap(packed), self.first, network.first.bias)
        found = functional.silu(torch.addcmul(shift, found, 1 + scale))
        found = functional.conv2d(self.wrap(found), self.second, network.second.bias)
        found = functional.conv2d(functional.silu(found), self.head, network.head.bias)
        return found.squeeze(2)

    def wrap(self, features: Tensor) -> Tensor:
        """The year (sample, feature, 1, step) continued at both ends by its other end."""
        reach = self.regressor.network.reach
        if not reach:
            return features
        return torch.cat(
            [features[..., -reach:], features, features[..., :reach]], dim=3
        )
