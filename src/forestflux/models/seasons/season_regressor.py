"""The trained season network with the scales of its inputs: shares of months from series."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from forestflux.core.calendars.months import count_step_days, is_leap_year
from forestflux.jobs.settings.flux_settings import SeasonSettings
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.models.network_inputs import (
    HALF_YEAR,
    Normalisation,
    one_hot_types,
)
from forestflux.models.network_regressor import CHUNK, arrange_series, check_arrays
from forestflux.models.seasons.season_network import SeasonNetwork, sum_rates
from forestflux.models.torch_contexts import one_thread

# Any common year and any leap year: all of a kind have the same days.
KINDS_OF_YEAR = (2001, 2004)


class SeasonRegressor:
    """A season network with the scales of its training rows, a `SeasonModel`.

    A new one has random weights; `forestflux.models.seasons.season_training` teaches it.

    Parameters
    ----------
    settings : section `fluxes.season`
    train : section `train`, of which `derived` and `half_year_shift` count
    variables : names along the axis of the variables
    normalisation : of the variables and the derived series
    """

    def __init__(
        self,
        settings: SeasonSettings,
        train: TrainSettings,
        *,
        variables: tuple[str, ...],
        normalisation: Normalisation,
    ) -> None:
        """Build the network, and the calendars of rows: both kinds of year, north and south."""
        self.settings, self.train = settings, train
        self.variables, self.normalisation = variables, normalisation
        self.network = SeasonNetwork(
            series=len(normalisation.variables),
            channels=settings.channels,
            kernel=settings.kernel,
        )
        plain = np.stack([count_step_days(year) for year in KINDS_OF_YEAR])
        # Steps of a southern year that is turned by half a year lie in other months.
        turned = np.roll(plain, HALF_YEAR, axis=1) if train.half_year_shift else plain
        calendars = np.concatenate([plain, turned]).astype("float32")
        self.step_days = torch.from_numpy(calendars)

    def predict_shares(
        self,
        series: np.ndarray,
        lat: np.ndarray,
        forest_type: np.ndarray,
        *,
        years: np.ndarray,
    ) -> np.ndarray:
        """Share of each month (flux, sample, month), see `SeasonModel`."""
        with one_thread(), torch.inference_mode():
            shares = [
                self.shares(*self.prepare_part(*part)).numpy()
                for part in split_samples(series, lat, forest_type, years, size=CHUNK)
            ]
        return close_shares(shares)

    def prepare_part(
        self,
        series: np.ndarray,
        lat: np.ndarray,
        forest_type: np.ndarray,
        years: np.ndarray,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What `shares` is given, of samples as in `predict_shares`."""
        return (
            self.prepare(series, lat),
            torch.from_numpy(one_hot_types(forest_type)),
            torch.from_numpy(choose_calendars(lat, years)),
        )

    def prepare(self, series: np.ndarray, lat: np.ndarray) -> Tensor:
        """Series as the network reads them: (sample, series, step), standard deviations."""
        arranged = arrange_series(series, lat, settings=self.train)
        return torch.from_numpy(self.normalisation.apply(arranged))

    def shares(self, prepared: Tensor, types: Tensor, calendars: Tensor) -> Tensor:
        """Shares (sample, flux, month), float32.

        Parameters
        ----------
        prepared : (sample, series, step) from `prepare`
        types : one-hot float32 (sample, type)
        calendars : (sample,) as `choose_calendars` gives them
        """
        return sum_rates(self.network(prepared, types), self.step_days[calendars])

    def weights(self) -> dict[str, np.ndarray]:
        """The learnt weights as plain arrays."""
        return {name: part.numpy() for name, part in self.network.state_dict().items()}

    @classmethod
    def from_weights(
        cls,
        settings: SeasonSettings,
        train: TrainSettings,
        *,
        variables: tuple[str, ...],
        normalisation: Normalisation,
        weights: dict[str, np.ndarray],
        source: Path,
    ) -> "SeasonRegressor":
        """A trained network from its parts.

        Parameters
        ----------
        weights : arrays by name, as `weights` gives them
        source : file of the weights, named in errors

        Raises
        ------
        InputError : weights of another network, or such that are no numbers
        """
        regressor = cls(
            settings, train, variables=variables, normalisation=normalisation
        )
        state = regressor.network.state_dict()
        shapes = {name: tuple(part.shape) for name, part in state.items()}
        check_arrays(weights, shapes, dtype="float32", source=source)
        regressor.network.load_state_dict(
            {name: torch.from_numpy(part) for name, part in weights.items()}
        )
        regressor.network.eval()
        return regressor


def split_samples(*arrays: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, ...]]:
    """Some samples of each array at a time: what is made of them stays in the cache of a core."""
    for start in range(0, len(arrays[0]), size):
        yield tuple(array[start : start + size] for array in arrays)


def choose_calendars(lat: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Which of the calendars of a `SeasonRegressor` each row has (sample,), int.

    North before south, in each a common year before a leap year.
    """
    south = (np.asarray(lat) < 0).astype(int)
    return len(KINDS_OF_YEAR) * south + is_leap_year(years)


def close_shares(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Shares (flux, sample, month), float64, that sum to 1, from float32 parts of the samples.

    Parameters
    ----------
    parts : each (sample, flux, month)
    """
    whole = np.concatenate(parts).astype(float).transpose(1, 0, 2)
    return whole / whole.sum(axis=-1, keepdims=True)
