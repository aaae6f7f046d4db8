"""Whether the change analysis detects what is planted, and how often it raises false alarms.

Map and truth go through the same tests: the map through the change store, the truth through the
same functions without any error. What the tests do not detect in the true series,
they cannot detect in a map.
"""

from collections.abc import Iterator

import numpy as np
import xarray as xr
from scipy import stats

from forestflux.change.cell_series import CHANGE_LAYERS, compute_flux_layers
from forestflux.change.errors.cell_errors import ChangeErrors
from forestflux.core.names import TARGET_FLUXES
from forestflux.evaluation.truth_comparison import TruthComparison

# Tests by name: the layers that hold the change and its p.
DETECTION_TESTS = {
    "difference": ("difference", "difference_p"),
    "window_difference": ("window_difference", "window_difference_p"),
    "slope": ("slope", "p"),
}
# The sign of a disturbance: less GPP, and more NEE, because the soil goes on respiring.
DISTURBED_SIGN = {"gpp": -1, "nee": 1}


def compare_detections(
    both: TruthComparison, change: xr.Dataset, *, alpha: float
) -> Iterator[tuple[str, float, float]]:
    """Quantity, its value on the truth and on the map, each a share of cells.

    All of the planet is greening: `gpp_slope_found` is the share of the undisturbed cells with
    a significantly rising GPP. Of the cells that were disturbed between the years of the
    pair, `{flux}_disturbance_found_{test}` is the share with a significant change in
    the direction of a disturbance, `..._alarm_{test}` the same of the other cells, and
    `..._auc_{test}` the probability that a disturbed cell has more evidence of a
    change than another (0.5 for chance).

    Parameters
    ----------
    both : truth and map of the same cells
    change : the change store
    alpha : level of a test
    """
    first, second = np.searchsorted(both.years, change.attrs["pair"])
    disturbed = both.disturbed[second] & ~both.disturbed[first]
    undisturbed = ~both.disturbed.any(axis=0)
    for flux in TARGET_FLUXES:
        sides = (
            compute_true_layers(both, flux, change.attrs),
            read_stored_layers(both, flux, change),
        )
        if flux == "gpp":
            shares = [
                detect_change(side, "slope", sign=1, alpha=alpha)[undisturbed]
                for side in sides
            ]
            true, mapped = map(detected_share, shares)
            yield "gpp_slope_found", true, mapped
        if not (disturbed.any() and undisturbed.any()):
            continue
        for test in DETECTION_TESTS:
            sign = DISTURBED_SIGN[flux]
            alarms = [
                detect_change(side, test, sign=sign, alpha=alpha) for side in sides
            ]
            evidence = [rank_evidence(side, test, sign=sign) for side in sides]
            name = f"{flux}_disturbance"
            true, mapped = (detected_share(alarm[disturbed]) for alarm in alarms)
            yield f"{name}_found_{test}", true, mapped
            true, mapped = (detected_share(alarm[undisturbed]) for alarm in alarms)
            yield f"{name}_alarm_{test}", true, mapped
            true, mapped = (auc(e[disturbed], e[undisturbed]) for e in evidence)
            yield f"{name}_auc_{test}", true, mapped


def compute_true_layers(
    both: TruthComparison, flux: str, attrs: dict
) -> dict[str, np.ndarray]:
    """Layers (cell,) of the true series, which has no errors."""
    series = both.truth[flux].astype("float32")
    first, second = np.searchsorted(both.years, attrs["pair"])
    earlier, later = (
        np.isin(both.years, attrs[f"{name}_window"]) for name in ("first", "second")
    )
    window = None
    if earlier.any() and later.any():
        window = series[later].mean(axis=0) - series[earlier].mean(axis=0)
    none = np.zeros(series.shape[1])
    layers = compute_flux_layers(
        series,
        both.years,
        difference=series[second] - series[first],
        window=window,
        lengths=(int(earlier.sum()), int(later.sum())),
        errors=ChangeErrors(none, none, none, freedom=1),
    )
    return dict(zip(CHANGE_LAYERS, layers, strict=True))


def read_stored_layers(
    both: TruthComparison, flux: str, change: xr.Dataset
) -> dict[str, np.ndarray]:
    """Layers (cell,) of the change store at the cells of the comparison."""
    return {
        name: change[f"{flux}_{name}"].values.ravel()[both.cell].astype(float)
        for name in CHANGE_LAYERS
    }


def detect_change(
    layers: dict[str, np.ndarray], test: str, *, sign: int, alpha: float
) -> np.ndarray:
    """1 where a change of this sign is significant, 0 where not, NaN untested (cell,)."""
    change, p = (layers[name] for name in DETECTION_TESTS[test])
    return np.where(np.isnan(p), np.nan, (p <= alpha) & (sign * change > 0))


def rank_evidence(layers: dict[str, np.ndarray], test: str, *, sign: int) -> np.ndarray:
    """Evidence for a change of this sign (cell,), from -1 to 1; NaN untested."""
    change, p = (layers[name] for name in DETECTION_TESTS[test])
    return sign * np.sign(change) * (1 - p)


def detected_share(alarms: np.ndarray) -> float:
    """Share of the tested cells; NaN for none."""
    tested = alarms[np.isfinite(alarms)]
    return float(tested.mean()) if tested.size else np.nan


def auc(disturbed: np.ndarray, undisturbed: np.ndarray) -> float:
    """Area under the ROC curve: probability that a disturbed cell exceeds an undisturbed one."""
    disturbed, undisturbed = (
        side[np.isfinite(side)] for side in (disturbed, undisturbed)
    )
    if not (disturbed.size and undisturbed.size):
        return np.nan
    pairs = disturbed.size * undisturbed.size
    return float(stats.mannwhitneyu(disturbed, undisturbed).statistic / pairs)
