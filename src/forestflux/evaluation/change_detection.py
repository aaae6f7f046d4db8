"""Detection: does the change analysis find what is planted, and how often what is not.

Both sides go through the same tests: the map through the change store, the truth through the same
functions without any spread of members. What the truth's own series do not show
above their weather, no map can.
"""

from collections.abc import Iterator

import numpy as np
import xarray as xr
from scipy import stats

from forestflux.change.cell_series import CHANGE_LAYERS, compute_flux_layers
from forestflux.core.names import TARGET_FLUXES
from forestflux.evaluation.truth_comparison import Comparison

# Tests by name: the layers that hold the change and its p.
TESTS = {
    "difference": ("difference", "difference_p"),
    "window_difference": ("window_difference", "window_difference_p"),
    "slope": ("slope", "p"),
}
# Which way a disturbance goes: less GPP, and NEE up, because the soil goes on respiring.
DISTURBED_SIGN = {"gpp": -1, "nee": 1}


def detections(
    both: Comparison, change: xr.Dataset, *, alpha: float
) -> Iterator[tuple[str, float, float]]:
    """Quantity, its value on the truth and on the map, each a share of cells.

    Greening is everywhere: `gpp_slope_found` is the share of the undisturbed cells with
    a significantly rising GPP. Of the cells that were disturbed between the years of the
    pair, `{flux}_disturbance_found_{test}` is the share with a significant change in
    the direction of a disturbance, `..._alarm_{test}` the same of the other cells, and
    `..._auc_{test}` the chance that a disturbed cell's change stands out more than
    that of another (0.5 for a coin).

    Parameters
    ----------
    both : truth and map of the same cells
    change : the change store
    alpha : level of a test
    """
    first, second = np.searchsorted(both.years, change.attrs["pair"])
    struck = both.disturbed[second] & ~both.disturbed[first]
    still = ~both.disturbed.any(axis=0)
    for flux in TARGET_FLUXES:
        sides = true_layers(both, flux, change.attrs), stored_layers(both, flux, change)
        if flux == "gpp":
            shares = [
                found(side, "slope", sign=1, alpha=alpha)[still] for side in sides
            ]
            yield "gpp_slope_found", *map(share, shares)
        if not (struck.any() and still.any()):
            continue
        for test in TESTS:
            sign = DISTURBED_SIGN[flux]
            alarms = [found(side, test, sign=sign, alpha=alpha) for side in sides]
            evidence = [strength(side, test, sign=sign) for side in sides]
            name = f"{flux}_disturbance"
            yield f"{name}_found_{test}", *(share(alarm[struck]) for alarm in alarms)
            yield f"{name}_alarm_{test}", *(share(alarm[still]) for alarm in alarms)
            yield f"{name}_auc_{test}", *(auc(e[struck], e[still]) for e in evidence)


def true_layers(both: Comparison, flux: str, attrs: dict) -> dict[str, np.ndarray]:
    """Layers (cell,) of the true series: two members that agree on everything."""
    series = both.truth[flux].astype("float32")
    first, second = np.searchsorted(both.years, attrs["pair"])
    windows = [
        np.isin(both.years, attrs[f"{name}_window"]) for name in ("first", "second")
    ]
    window = None
    if all(inside.any() for inside in windows):
        earlier, later = (series[inside].mean(axis=0) for inside in windows)
        window = np.stack([later - earlier] * 2)
    layers = compute_flux_layers(
        series,
        both.years,
        difference=np.stack([series[second] - series[first]] * 2),
        window=window,
        lengths=tuple(int(inside.sum()) for inside in windows),
    )
    return dict(zip(CHANGE_LAYERS, layers, strict=True))


def stored_layers(
    both: Comparison, flux: str, change: xr.Dataset
) -> dict[str, np.ndarray]:
    """Layers (cell,) of the change store at the cells of the comparison."""
    return {
        name: change[f"{flux}_{name}"].values.ravel()[both.cell].astype(float)
        for name in CHANGE_LAYERS
    }


def found(
    layers: dict[str, np.ndarray], test: str, *, sign: int, alpha: float
) -> np.ndarray:
    """1 where a change of this sign is significant, 0 where not, NaN untested (cell,)."""
    change, p = (layers[name] for name in TESTS[test])
    return np.where(np.isnan(p), np.nan, (p <= alpha) & (sign * change > 0))


def strength(layers: dict[str, np.ndarray], test: str, *, sign: int) -> np.ndarray:
    """How strongly a change of this sign stands out (cell,), -1 to 1; NaN untested."""
    change, p = (layers[name] for name in TESTS[test])
    return sign * np.sign(change) * (1 - p)


def share(alarms: np.ndarray) -> float:
    """Share of the tested cells; NaN for none."""
    tested = alarms[np.isfinite(alarms)]
    return float(tested.mean()) if tested.size else np.nan


def auc(struck: np.ndarray, still: np.ndarray) -> float:
    """Chance that one of the first exceeds one of the second; NaN where untested."""
    struck, still = (side[np.isfinite(side)] for side in (struck, still))
    if not (struck.size and still.size):
        return np.nan
    pairs = struck.size * still.size
    return float(stats.mannwhitneyu(struck, still).statistic / pairs)
