"""Calibrated intervals and what widens them, as images of one number at each pixel."""

import math
from collections.abc import Mapping

import ee

from forestflux.core.names import FOREST_TYPES, TARGET_FLUXES
from forestflux.ensemble.intervals.conformal import Calibration
from forestflux.ensemble.intervals.gap_widening import GapWidening
from forestflux.ensemble.model_record import POOLED
from forestflux.publish.online.images.array_images import add_up


def build_bounds(
    calibration: Calibration,
    fluxes: Mapping[str, ee.Image],
    forest_type: ee.Image,
    *,
    hidden_series: ee.Image,
    gap_fraction: ee.Image,
) -> dict[str, ee.Image]:
    """Bounds of each target as `Calibration.interval` gives them, gC m-2 yr-1.

    An infinite half-width has no number here: both bounds are masked there.

    Parameters
    ----------
    fluxes : by name, the ensemble means
    forest_type : codes 1-5
    hidden_series : number of series without any value
    gap_fraction : share of gaps among all values, 0-1
    """
    bounds = {}
    for target in TARGET_FLUXES:
        half = choose_width(calibration.half_width[target], forest_type)
        widening = calibration.widening.get(target)
        if widening:
            half = half.multiply(widen(widening, hidden_series, gap_fraction))
        lower = fluxes[target].subtract(half)
        # GPP cannot be negative; NEE has both signs.
        bounds[f"{target}_lower"] = lower.max(0) if target == "gpp" else lower
        bounds[f"{target}_upper"] = fluxes[target].add(half)
    return bounds


def choose_width(widths: Mapping[str, float], forest_type: ee.Image) -> ee.Image:
    """The half-width of each pixel's forest type; masked where it is infinite."""
    found = [widths.get(name, widths[POOLED]) for name in FOREST_TYPES]
    known = {
        code: float(width)
        for code, width in enumerate(found, start=1)
        if math.isfinite(width)
    }
    if not known:
        return ee.Image.constant(0.0).updateMask(0)
    chosen = forest_type.remap(list(known), list(known.values()), -1)
    return chosen.updateMask(chosen.gte(0))


def widen(
    widening: GapWidening, hidden_series: ee.Image, gap_fraction: ee.Image
) -> ee.Image:
    """Factor on a half-width, as `GapWidening.factor` gives it."""
    most = len(widening.hidden) - 1
    hidden = hidden_series.min(most)
    series = most + 1
    left = hidden.multiply(-1).add(series).max(1)
    thin = gap_fraction.multiply(series).subtract(hidden).divide(left).max(0).min(1)
    return interpolate(hidden, tuple(range(series)), widening.hidden).multiply(
        interpolate(thin, widening.shares, widening.thinned)
    )


def interpolate(
    image: ee.Image, knots: tuple[float, ...], values: tuple[float, ...]
) -> ee.Image:
    """The function through some points, straight between them and level outside."""
    parts = [ee.Image.constant(float(values[0]))]
    for left, right, low, high in zip(
        knots, knots[1:], values, values[1:], strict=False
    ):
        if high != low:
            slope = (high - low) / (right - left)
            ramp = image.subtract(left).max(0).min(right - left)
            parts.append(ramp.multiply(slope))
    return add_up(parts)
