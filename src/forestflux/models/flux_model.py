"""The one interface of a trained model: network, classical model and ensemble alike."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from forestflux.models.years.response import Response
from forestflux.prepare.sample_table import Samples


class Fluxes(NamedTuple):
    """Annual fluxes of a forest, gC m-2 yr-1.

    Attributes
    ----------
    gpp : float64 (sample,) of one model, (member, sample) of an ensemble: photosynthesis
    reco : the same shape, respiration of the ecosystem
    """

    gpp: np.ndarray
    reco: np.ndarray

    @property
    def nee(self) -> np.ndarray:
        """Net exchange, `reco - gpp`; negative is uptake by the forest."""
        return self.reco - self.gpp


class FluxModel(Protocol):
    """A trained model: annual fluxes from a year of series with gaps."""

    def predict_arrays(
        self, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> Fluxes:
        """Fluxes of each sample, of an ensemble member by member.

        Parameters
        ----------
        series : (sample, variable, step), physical values in calendar order, NaN = gap
        lat : (sample,), degrees north
        forest_type : (sample,), codes 1-5; 0 is any other land
        """
        ...


class CalibratedModel(FluxModel, Protocol):
    """A trained ensemble with all that a map needs of it.

    Attributes
    ----------
    members : the trained networks
    response : how the fluxes of a place follow what its years do differently; None where
        years are taken to differ like places
    inputs : unit of each series that they read, in their order
    """

    members: Sequence[FluxModel]
    response: Response | None
    inputs: Mapping[str, str]

    @property
    def level(self) -> float:
        """Nominal coverage of the intervals, 0-1."""
        ...

    def estimate_arrays(
        self, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> tuple[Fluxes, np.ndarray]:
        """Fluxes as `predict_arrays` gives them, and the dissimilarity index (sample,).

        The index says how unlike the series are to those of the training.
        """
        ...

    def interval(
        self,
        gpp: np.ndarray,
        nee: np.ndarray,
        forest_type: np.ndarray,
        *,
        hidden_series: np.ndarray,
        gap_fraction: np.ndarray,
    ) -> dict[str, np.ndarray]:
        """`gpp_lower`, `gpp_upper`, `nee_lower`, `nee_upper` (sample,), gC m-2 yr-1.

        `hidden_series` and `gap_fraction` (sample,) say what is missing, which makes an
        interval wider.
        """
        ...

    def applicable(self, dissimilarity: np.ndarray, forest: np.ndarray) -> np.ndarray:
        """1 inside the area of applicability, 0 outside, 255 no forest, uint8."""
        ...


def predict_samples(model: FluxModel, samples: Samples) -> Fluxes:
    """Fluxes of the rows of a table, from their series, latitude and forest type only."""
    return model.predict_arrays(samples.series, samples.lat, samples.forest_type)
