"""How far errors go together in space."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Lengths and shares that are weighed against each other. A hundred towers cannot tell one
# length; what a sum of cells needs is how much all of them together leave in common.
LENGTHS_KM = (250.0, 500.0, 1000.0, 2000.0, 4000.0)
SHARES = tuple(np.linspace(0.05, 0.85, 9))
# What two towers do not share still goes together within a stand or a valley.
LOCAL_LENGTH_KM = 50.0


@dataclass(frozen=True)
class Correlogram:
    """Correlation of the errors of two places by their distance.

    Attributes
    ----------
    shares : share of the variance (length,) that decays with each of `LENGTHS_KM`; the rest
        decays with `LOCAL_LENGTH_KM`
    """

    shares: tuple[float, ...]

    def correlate(self, distances: np.ndarray) -> np.ndarray:
        """Correlation (...) at distances in km."""
        local = 1 - sum(self.shares)
        result = local * np.exp(-distances / LOCAL_LENGTH_KM)
        for share, length in zip(self.shares, LENGTHS_KM, strict=True):
            if share > 0:
                result += share * np.exp(-distances / length)
        return result


@dataclass(frozen=True)
class ErrorSample:
    """Errors that were observed at the same time, in standard deviations.

    Attributes
    ----------
    values : (place,), mean 0 and variance 1
    certain : (place,), part of the standard deviation that is of the place and can go together
        with other places, 0-1; the rest is noise
    distances : (place, place), km
    """

    values: np.ndarray
    certain: np.ndarray
    distances: np.ndarray


def fit_correlogram(samples: Sequence[ErrorSample]) -> Correlogram:
    """The correlogram of errors, averaged over what they leave likely.

    Exponential correlograms of all `SHARES` and `LENGTHS_KM` are weighed with their Gaussian
    likelihood, all of them being as likely before: a mean of models (Hoeting and others 1999,
    Statistical Science 14, 382-417). One best model would be as if the range were known.

    Parameters
    ----------
    samples : independent of each other
    """
    likelihood = np.array(
        [
            [
                sum(measure_likelihood(each, share, length) for each in samples)
                for length in LENGTHS_KM
            ]
            for share in SHARES
        ]
    )
    weight = np.exp(likelihood - likelihood.max())
    shares = np.array(SHARES) @ weight / weight.sum()
    return Correlogram(tuple(float(share) for share in shares))


def measure_likelihood(sample: ErrorSample, share: float, length_km: float) -> float:
    """Logarithm of the Gaussian likelihood, but for a constant."""
    together = share * np.exp(-sample.distances / length_km)
    covariance = together * np.outer(sample.certain, sample.certain)
    np.fill_diagonal(covariance, 1.0)
    root = np.linalg.cholesky(covariance)
    return float(
        -np.log(np.diag(root)).sum()
        - 0.5 * (np.linalg.solve(root, sample.values) ** 2).sum()
    )
