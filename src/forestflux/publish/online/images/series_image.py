"""A year of series with gaps as the networks of an ensemble read it, as array images."""

from collections.abc import Sequence
from dataclasses import dataclass

import ee
import numpy as np

from forestflux.core.calendars.eight_day import STEPS
from forestflux.core.calendars.radiation import SOLAR_CONSTANT, sun_positions
from forestflux.models.flux_network import FluxNetwork
from forestflux.models.network_inputs import HALF_YEAR, TYPES
from forestflux.models.network_regressor import NetworkRegressor
from forestflux.models.normalised_convolution import PRIOR_WEIGHTS
from forestflux.publish.online.images.array_images import (
    bands_to_array,
    column,
    constant,
    cut,
    join,
    reshape,
    sum_rows,
)
from forestflux.publish.online.images.network_image import Features, numbers


@dataclass(frozen=True)
class Series:
    """A year of series at each pixel.

    Attributes
    ----------
    values : (series, step), 0 at gaps
    valid : (series, step), 1 where there is a value, 0 at gaps
    count : number of series
    """

    values: ee.Image
    valid: ee.Image
    count: int

    def join(self, other: "Series") -> "Series":
        """These series, and those of another one behind them."""
        return Series(
            join([self.values, other.values], 0),
            join([self.valid, other.valid], 0),
            self.count + other.count,
        )


def name_bands(variables: Sequence[str]) -> list[str]:
    """Names of the bands of inputs, `ndvi_00`, `ndvi_01`, ..., series by series."""
    return [f"{name}_{step:02d}" for name in variables for step in range(STEPS)]


def read_series(
    inputs: ee.Image, variables: Sequence[str], *, where: ee.Image
) -> Series:
    """The series of an image of inputs, physical values in calendar order.

    Parameters
    ----------
    inputs : bands as `name_bands` names them, masked at gaps
    variables : in the order of the networks
    where : 1 where anything is computed, 0 elsewhere
    """
    chosen = inputs.select(name_bands(variables))
    shape = len(variables), STEPS
    # A mask is a fraction where pixels were averaged; whatever is not wholly masked counts.
    there = chosen.mask().gt(0).unmask(0, False)
    return Series(
        bands_to_array(chosen.unmask(0, False).toDouble().updateMask(where), *shape),
        bands_to_array(there.toDouble().updateMask(where), *shape),
        len(variables),
    )


def prepare_series(
    member: NetworkRegressor, series: Series, latitude: ee.Image
) -> Series:
    """Series as `NetworkRegressor.prepare` gives them: standard deviations, summer in the middle.

    Parameters
    ----------
    series : of `member.variables`, physical values in calendar order
    latitude : degrees north
    """
    if "radiation" in member.settings.derived:
        series = series.join(compute_radiation(latitude))
    if member.settings.half_year_shift:
        series = turn_south(series, latitude)
    return scale_series(member, series)


def compute_radiation(latitude: ee.Image) -> Series:
    """Light on top of the atmosphere, as `forestflux.core.calendars.radiation` has it."""
    distance, declination = sun_positions()
    light = 24 * 60 / np.pi * SOLAR_CONSTANT * distance
    phi = latitude.toDouble().multiply(np.pi / 180)
    cosine = phi.tan().multiply(each_step(-np.tan(declination))).max(-1).min(1)
    sunset = cosine.acos()
    up = sunset.multiply(phi.sin()).multiply(each_step(light * np.sin(declination)))
    across = sunset.sin().multiply(phi.cos())
    total = up.add(across.multiply(each_step(light * np.cos(declination))))
    return Series(bands_to_array(total, 1, STEPS), column(np.ones(1), copies=STEPS), 1)


def each_step(values: np.ndarray) -> ee.Image:
    """An image with a band for each step (step,)."""
    return ee.Image.constant(np.asarray(values, float).tolist())


def turn_south(series: Series, latitude: ee.Image) -> Series:
    """Series whose southern years are shifted by half a year, as `align_season` shifts them."""
    south = latitude.lt(0).toDouble()
    north = south.multiply(-1).add(1)

    def turn(image: ee.Image) -> ee.Image:
        halves = [cut(image, 1, HALF_YEAR, STEPS), cut(image, 1, 0, HALF_YEAR)]
        return image.multiply(north).add(join(halves, 1).multiply(south))

    return Series(turn(series.values), turn(series.valid), series.count)


def scale_series(member: NetworkRegressor, series: Series) -> Series:
    """Series in standard deviations of the training rows."""
    scales = member.normalisation
    learnt = np.array([mean is not None for mean in scales.mean], float)
    mean = np.array([mean or 0.0 for mean in scales.mean])
    factor = column(1 / np.array(scales.sd), copies=STEPS)
    shift = column(-mean / np.array(scales.sd), copies=STEPS)
    valid = series.valid
    if not learnt.all():  # What no training row had is a gap in every row.
        valid = valid.multiply(column(learnt, copies=STEPS))
    values = series.values.multiply(factor).add(shift).multiply(valid)
    return Series(values, valid, series.count)


def build_features(network: FluxNetwork, series: Series, types: ee.Image) -> Features:
    """Input of the first block, as `FluxNetwork.channels` gives it.

    Parameters
    ----------
    series : as `prepare_series` gives them
    types : one-hot forest type (type, 1)
    """
    smooth, share = series.values, series.valid
    if network.gap_handling == "normalised_convolution":
        smooth, share = smooth_over_gaps(network, series)
    channels = [smooth]
    if network.gap_channel:
        channels.append(share.multiply(-1).add(1))
    steps = STEPS // network.pooled_steps
    size = series.count * steps
    rows = [
        reshape(pool_steps(each, network.pooled_steps), 1, size) for each in channels
    ]
    count = len(rows)
    if network.forest_type == "early":
        rows.append(types.arrayRepeat(1, size))
        count += len(TYPES)
    return Features(join(rows, 0), count, series.count, steps)


def pool_steps(image: ee.Image, pooled: int) -> ee.Image:
    """Means of so many steps side by side."""
    if pooled == 1:
        return image
    total = cut(image, 1, 0, STEPS, every=pooled)
    for first in range(1, pooled):
        total = total.add(cut(image, 1, first, STEPS, every=pooled))
    return total.divide(pooled)


def smooth_over_gaps(network: FluxNetwork, series: Series) -> tuple[ee.Image, ee.Image]:
    """Series without gaps and the valid share of each step, both (series, step).

    As `forestflux.models.normalised_convolution.smooth_over_gaps`.
    """
    narrow, wide = constant(numbers(network.narrow)), constant(numbers(network.wide))
    wide_prior, year_prior, zero_prior = PRIOR_WEIGHTS
    year = sum_rows(series.values).divide(sum_rows(series.valid).add(zero_prior))
    prior = year.multiply(year_prior).arrayRepeat(1, STEPS)
    nearby = (
        series.values.matrixMultiply(wide)
        .add(prior)
        .divide(series.valid.matrixMultiply(wide).add(year_prior))
    )
    weight = series.valid.matrixMultiply(narrow)
    smooth = (
        series.values.matrixMultiply(narrow)
        .add(nearby.multiply(wide_prior))
        .divide(weight.add(wide_prior))
    )
    whole = constant(numbers(network.narrow.sum(0, keepdim=True)))
    return smooth, weight.divide(whole.arrayRepeat(0, series.count))
