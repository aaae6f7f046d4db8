"""How often tests at 5 % find a change in series with one and in series without.

Simulated annual series of a first-order process, without a trend and with one of a tenth of
their standard deviation a year: the Mann-Kendall tests of pymannkendall as published, beside
the tests that the change analysis uses (slope, difference of the last and first year,
difference of the means of the last and first window of three or five years).
"""

from itertools import product

import numpy as np
import pymannkendall

from benchmarks.harness import Measured, Option
from forestflux.change.cell_series import CHANGE_LAYERS, compute_flux_layers
from forestflux.change.errors.cell_errors import ChangeErrors

ALPHA = 0.05
LENGTHS = {16: 3, 20: 5}  # years, and years of a window
PERSISTENCE = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
TREND = 0.1
PUBLISHED = {
    "Mann-Kendall": pymannkendall.original_test,
    "Hamed and Rao": pymannkendall.hamed_rao_modification_test,
    "Yue and Wang": pymannkendall.yue_wang_modification_test,
    "pre-whitening": pymannkendall.pre_whitening_modification_test,
    "trend-free pre-whitening": (
        pymannkendall.trend_free_pre_whitening_modification_test
    ),
}
OURS = {
    "slope": "p",
    "slope, years independent": "p_independent",
    "difference of two years": "difference_p",
    "difference of windows": "window_difference_p",
}


OPTIONS = {
    "series": Option(40_000, 100, "series of the tests of the change analysis"),
    "published_series": Option(
        500, 2, "series of the tests of pymannkendall, which are slow"
    ),
}


def measure(*, series: int, published_series: int) -> Measured:
    """The share of series in which a change is found, by test, years, autocorrelation and trend."""
    rows = []
    for (years, window), rho, trend in product(
        LENGTHS.items(), PERSISTENCE, (0.0, TREND)
    ):
        rise = trend * np.arange(years)[:, None]
        values = persistent(years, rho, series, seed=1) + rise
        found = ours(values, window) | published(values[:, :published_series])
        case = {"years": years, "autocorrelation": rho, "trend": trend}
        rows += [
            {"test": name, **case, "found": round(float(share), 4)}
            for name, share in found.items()
        ]
    return Measured(rows=rows)


def persistent(years: int, rho: float, series: int, *, seed: int) -> np.ndarray:
    """Series (year, series) of variance 1 with lag-one autocorrelation rho."""
    values = np.random.default_rng(seed).normal(size=(years, series))
    for year in range(1, years):
        values[year] = rho * values[year - 1] + np.sqrt(1 - rho**2) * values[year]
    return values


def ours(values: np.ndarray, window: int) -> dict[str, float]:
    """Share of the series in which each test of the change analysis finds a change."""
    difference = values[-1] - values[0]
    windows = values[-window:].mean(axis=0) - values[:window].mean(axis=0)
    none = np.zeros(values.shape[1])
    layers = compute_flux_layers(
        values,
        np.arange(2001, 2001 + len(values)),
        difference=difference,
        window=windows,
        lengths=(window, window),
        errors=ChangeErrors(none, none, none, freedom=1),
    )
    layers = dict(zip(CHANGE_LAYERS, layers, strict=True))
    return {name: (layers[layer] <= ALPHA).mean() for name, layer in OURS.items()}


def published(values: np.ndarray) -> dict[str, float]:
    """The same of the tests of pymannkendall."""
    with np.errstate(invalid="ignore"):  # Hamed and Rao's variance may be negative
        return {
            name: np.mean([test(series).p <= ALPHA for series in values.T])
            for name, test in PUBLISHED.items()
        }
