"""The trained network: what it needs to turn a year of series into fluxes."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor

from forestflux.core.input_errors import InputError
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.models.convolution_blocks import name_rows
from forestflux.models.flux_model import Fluxes
from forestflux.models.flux_network import FluxNetwork
from forestflux.models.network_inputs import (
    Normalisation,
    add_derived,
    align_season,
    one_hot_types,
)
from forestflux.models.torch_contexts import one_thread

# Samples that go through the network at once: their activations stay in the cache.
CHUNK = 256


class NetworkRegressor:
    """The convolutional network with the scales of its training rows, a `FluxModel`.

    A new one has random weights; `forestflux.models.network_training` teaches it.

    Parameters
    ----------
    settings : section `train` of the configuration
    variables : names along the axis of the variables
    normalisation : of the variables and the derived series
    flux_scale : of GPP, RECO and NEE
    """

    def __init__(
        self,
        settings: TrainSettings,
        *,
        variables: tuple[str, ...],
        normalisation: Normalisation,
        flux_scale: Normalisation,
    ) -> None:
        self.settings, self.variables = settings, variables
        self.normalisation, self.flux_scale = normalisation, flux_scale
        self.network = build_network(settings, series=len(self.series_names()))

    def predict_arrays(
        self, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> Fluxes:
        """Fluxes of each sample, gC m-2 yr-1; GPP and RECO are never negative.

        Parameters
        ----------
        series : (sample, variable, step), physical values in calendar order, NaN = gap
        lat : (sample,), degrees north
        forest_type : (sample,), codes 1-5; 0 is any other land
        """
        prepared = self.prepare(series, lat)
        types = torch.from_numpy(one_hot_types(forest_type))
        chunks = zip(prepared.split(CHUNK), types.split(CHUNK), strict=True)
        with one_thread():
            parts = [self.predict_prepared(*chunk) for chunk in chunks]
        return Fluxes(*np.concatenate(parts, axis=1))

    def prepare(self, series: np.ndarray, lat: np.ndarray) -> Tensor:
        """Series as the network reads them: (sample, series, step), standard deviations.

        Parameters
        ----------
        series : (sample, variable, step), physical values in calendar order, NaN = gap
        lat : (sample,), degrees north
        """
        return torch.from_numpy(self.normalisation.apply(self.arrange(series, lat)))

    def arrange(self, series: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """The same in physical units: derived series appended, seasons aligned."""
        return arrange_series(series, lat, settings=self.settings)

    def predict_prepared(self, prepared: Tensor, types: Tensor) -> np.ndarray:
        """GPP and RECO (2, sample), float64, gC m-2 yr-1, of prepared series.

        Parameters
        ----------
        prepared : (sample, series, step) from `prepare`
        types : one-hot float32 (sample, type)
        """
        with torch.inference_mode():
            output = self.close_fluxes(self.network(prepared, types)).double().numpy()
        return np.maximum(self.flux_scale.undo(output)[:, :2].T, 0.0)

    def close_fluxes(self, output: Tensor) -> Tensor:
        """GPP, RECO and NEE (sample, 3) from the two heads, in standard deviations.

        The heads are GPP and RECO, or GPP and NEE (setting `heads`); the third flux
        closes NEE = RECO - GPP.
        """
        # Only a variable may be without a mean; every training row has its fluxes.
        mean = cast("tuple[float, ...]", self.flux_scale.mean)
        sd = self.flux_scale.sd
        gpp = output[:, 0] * sd[0] + mean[0]
        if self.settings.heads == "gpp_reco":
            reco = output[:, 1] * sd[1] + mean[1]
        else:
            reco = gpp + output[:, 1] * sd[2] + mean[2]
        fluxes = (gpp, reco, reco - gpp)
        scaled = [(f - m) / s for f, m, s in zip(fluxes, mean, sd, strict=True)]
        return torch.stack(scaled, dim=1)

    def weights(self) -> dict[str, np.ndarray]:
        """The learnt weights as plain arrays."""
        return {name: part.numpy() for name, part in self.network.state_dict().items()}

    def series_names(self) -> tuple[str, ...]:
        """Names of the series that the network reads: variables, then derived ones."""
        return (*self.variables, *self.settings.derived)

    def pattern_names(self) -> list[str]:
        """Names of the rows of the convolutional block, in order."""
        names = list(self.series_names())
        for block in range(1, self.settings.blocks + 1):
            names = name_rows(names, filters=self.settings.filters, block=block)
        return names

    @classmethod
    def from_weights(
        cls,
        settings: TrainSettings,
        *,
        variables: tuple[str, ...],
        normalisation: Normalisation,
        flux_scale: Normalisation,
        weights: dict[str, np.ndarray],
        source: Path,
    ) -> "NetworkRegressor":
        """A trained network from its parts.

        Parameters
        ----------
        weights : arrays by name, as `weights` gives them
        source : file of the weights, named in errors

        Raises
        ------
        InputError : weights of another network, or such that are no numbers
        """
        # Shapes come first: a network of the size that settings ask for might not fit.
        with torch.device("meta"):
            count = len(variables) + len(settings.derived)
            empty = build_network(settings, series=count).state_dict()
        shapes = {name: tuple(part.shape) for name, part in empty.items()}
        check_arrays(weights, shapes, dtype="float32", source=source)
        regressor = cls(
            settings,
            variables=variables,
            normalisation=normalisation,
            flux_scale=flux_scale,
        )
        state = {name: torch.from_numpy(part) for name, part in weights.items()}
        regressor.network.load_state_dict(state)
        regressor.network.eval()
        return regressor


def build_network(settings: TrainSettings, *, series: int) -> FluxNetwork:
    """The network that settings describe, with random weights.

    Parameters
    ----------
    settings : section `train` of the configuration
    series : that it reads, variables and derived ones
    """
    return FluxNetwork(
        variables=series,
        channels=settings.channels,
        blocks=settings.blocks,
        kernel=settings.kernel,
        filters=settings.filters,
        pooled_steps=settings.pooled_steps,
        gap_handling=settings.gap_handling,
        gap_channel=settings.gap_channel,
        forest_type=settings.forest_type,
        encoded=settings.encoded,
        hidden=settings.hidden,
        dropout=settings.dropout,
    )


def check_arrays(
    arrays: Mapping[str, np.ndarray],
    shapes: Mapping[str, tuple[int, ...]],
    *,
    dtype: str,
    source: Path,
    gaps: Collection[str] = (),
) -> None:
    """Refuse arrays that are not those that a model has.

    Parameters
    ----------
    arrays : by name
    shapes : of each array that is needed
    dtype : of all
    source : file, named in errors
    gaps : arrays in which a number may be unknown

    Raises
    ------
    InputError : an array is missing or unknown, of another shape or type, or has numbers
        that are not finite
    """
    for name in sorted(set(shapes) ^ set(arrays)):
        is_there = name in arrays
        raise InputError(
            source,
            variable=name,
            expected="no such array" if is_there else "an array of this name",
            found="one" if is_there else "none",
        )
    for name, shape in shapes.items():
        array = arrays[name]
        if array.shape != shape or array.dtype != dtype:
            raise InputError(
                source,
                variable=name,
                expected=f"{dtype} of shape {shape}",
                found=f"{array.dtype} of shape {array.shape}",
            )
        if name not in gaps and not np.isfinite(array).all():
            raise InputError(
                source,
                variable=name,
                expected="finite numbers",
                found="NaN or infinite ones",
            )


def arrange_series(
    series: np.ndarray, lat: np.ndarray, *, settings: TrainSettings
) -> np.ndarray:
    """Series float32 with the derived ones appended and, if set so, seasons aligned.

    Parameters
    ----------
    series : (sample, variable, step), physical values in calendar order, NaN = gap
    lat : (sample,), degrees north
    settings : section `train`, of which `derived` and `half_year_shift` count
    """
    whole = add_derived(series, lat, settings.derived)
    return align_season(whole, lat) if settings.half_year_shift else whole
