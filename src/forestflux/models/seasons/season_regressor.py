"""The trained season network with the scales of its inputs: shares of months from series."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from forestflux.core.months import count_step_days
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

# Days of the steps in months of a year of 365 days, whatever year a row is of.
COMMON_YEAR = 2001


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
        """Build the network, and the months of northern and southern rows."""
        self.settings, self.train = settings, train
        self.variables, self.normalisation = variables, normalisation
        self.network = SeasonNetwork(
            series=len(normalisation.variables),
            channels=settings.channels,
            kernel=settings.kernel,
        )
        calendar = count_step_days(COMMON_YEAR).astype("float32")
        turned = np.roll(calendar, HALF_YEAR, axis=0)
        self.step_days = torch.from_numpy(calendar)
        # Steps of a southern year that is turned by half a year lie in other months.
        self.turned_days = torch.from_numpy(
            turned if train.half_year_shift else calendar
        )

    def predict_shares(
        self, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> np.ndarray:
        """Share of each month (flux, sample, month), see `SeasonModel`."""
        prepared = self.prepare(series, lat)
        types = torch.from_numpy(one_hot_types(forest_type))
        south = torch.from_numpy(np.asarray(lat) < 0)
        parts = zip(
            prepared.split(CHUNK), types.split(CHUNK), south.split(CHUNK), strict=True
        )
        with one_thread(), torch.inference_mode():
            shares = [self.shares(*part).numpy() for part in parts]
        whole = np.concatenate(shares).astype(float).transpose(1, 0, 2)
        return whole / whole.sum(axis=-1, keepdims=True)

    def prepare(self, series: np.ndarray, lat: np.ndarray) -> Tensor:
        """Series as the network reads them: (sample, series, step), standard deviations."""
        arranged = arrange_series(series, lat, settings=self.train)
        return torch.from_numpy(self.normalisation.apply(arranged))

    def shares(self, prepared: Tensor, types: Tensor, south: Tensor) -> Tensor:
        """Shares (sample, flux, month), float32.

        Parameters
        ----------
        prepared : (sample, series, step) from `prepare`
        types : one-hot float32 (sample, type)
        south : bool (sample,), whether the row lies south of the equator
        """
        rates = self.network(prepared, types)
        return torch.where(
            south[:, None, None],
            sum_rates(rates, self.turned_days),
            sum_rates(rates, self.step_days),
        )

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
