"""The one interface of all models, network and baselines alike."""

from typing import NamedTuple, Protocol

import numpy as np

from forestflux.prepare.sample_table import Samples


class Fluxes(NamedTuple):
    """Annual fluxes of a forest, gC m-2 yr-1.

    Attributes
    ----------
    gpp : float64 (sample,), photosynthesis
    reco : float64 (sample,), respiration of the ecosystem
    """

    gpp: np.ndarray
    reco: np.ndarray

    @property
    def nee(self) -> np.ndarray:
        """Net exchange (sample,), `reco - gpp`; negative is uptake by the forest."""
        return self.reco - self.gpp


class Estimator(Protocol):
    """A model that learns from samples and estimates the fluxes of others."""

    def fit(self, samples: Samples, *, seed: int) -> "Estimator":
        """Learn from these samples and from no others; the seed fixes the result."""
        ...

    def predict(self, samples: Samples) -> Fluxes:
        """Fluxes of each sample, from its maps, latitude and forest type only."""
        ...
