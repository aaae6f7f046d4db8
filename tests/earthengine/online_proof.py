"""Cells of every kind, and the two ways to their fluxes: as an expression and as ever."""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

import ee
import numpy as np
import pandas as pd
import xarray as xr

from forestflux.core.calendars.eight_day import STEPS, step_starts
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.publish.online.images.flux_image import build_flux_image
from tests.builders.inputs import RANGES, UNITS
from tests.earthengine import asking
from tests.earthengine.emulator.archives.pixel_catalogue import PixelCatalogue
from tests.earthengine.emulator.evaluation.grids import GEOGRAPHIC, PixelGrid
from tests.earthengine.online_models import make_series, scale_series

YEAR = 2018
SERIES, FOREST = "cells/series", "cells/forest_type"
# From 80.5 degrees north, where the sun does not rise for months, as far south.
GRID = PixelGrid(GEOGRAPHIC, (7.0, -7.0), (0.0, 84.0), (24, 10))
# What stands for a masked pixel in an answer.
MASKED = -9999.0
BOUNDS = ("gpp_lower", "gpp_upper", "nee_lower", "nee_upper")
FLUXES = ("gpp", "reco", "nee", *BOUNDS)
NO_FOREST = 255


@dataclass(frozen=True)
class Cells:
    """A year of cells, as a dataset and as images.

    Attributes
    ----------
    dataset : as `Ensemble.predict` takes it
    catalogue : with the images `SERIES` and `FOREST`
    """

    dataset: xr.Dataset
    catalogue: PixelCatalogue


def make_cells(ranges: Mapping[str, tuple[float, float]], *, seed: int = 7) -> Cells:
    """Cells of all forest types on both hemispheres, with gaps of every kind.

    From no gap to nothing but gaps, single ones and whole months; one or several variables
    wholly missing; no forest, and forest of an unknown type.
    """
    rng = np.random.default_rng(seed)
    latitude = GRID.points(GEOGRAPHIC).y
    count = latitude.size
    series = scale_series(
        make_series(rng, latitude, len(ranges)), list(ranges.values())
    )
    kinds = rng.permutation(count)
    share = rng.permutation(np.linspace(0, 1, count))
    hidden = rng.random(series.shape) < share[:, None, None]
    hidden[kinds < 20] = False
    months = (kinds >= 60) & (kinds < 100)
    hidden[months, :, 10:30] = True
    # One variable after the other is missing, then pairs of them, then all.
    for place in np.flatnonzero((kinds >= 100) & (kinds < 160)):
        missing = [kinds[place] % len(ranges)]
        if kinds[place] >= 130:
            missing.append((kinds[place] + 2) % len(ranges))
        hidden[place, missing] = True
    hidden[(kinds >= 160) & (kinds < 176)] = True
    series[hidden] = np.nan
    types = rng.integers(1, 6, count)
    types[kinds % 17 == 0] = 0
    series, types = (
        series.reshape(*GRID.shape, *series.shape[1:]),
        types.reshape(GRID.shape),
    )
    dataset = xr.Dataset(
        {
            name: (
                ("time", "y", "x"),
                np.moveaxis(series[:, :, i], -1, 0),
                {"units": UNITS.get(name, "1")},
            )
            for i, name in enumerate(ranges)
        },
        coords={"time": step_starts(YEAR), "y": latitude.reshape(GRID.shape)[:, 0]},
    )
    dataset["forest_type"] = ("y", "x"), types
    bands = {
        f"{name}_{step:02d}": series[:, :, i, step]
        for i, name in enumerate(ranges)
        for step in range(STEPS)
    }
    # Half of the cells without forest have no type at all.
    kept = np.where((types == 0) & (rng.random(types.shape) < 0.5), np.nan, types)
    images = {SERIES: bands, FOREST: {"forest_type": kept.astype("float32")}}
    return Cells(dataset, PixelCatalogue(GRID, images))


def more_ranges(count: int) -> dict[str, tuple[float, float]]:
    """Ranges of the project's series, and of others until there are so many."""
    ranges = {name: ends or (0.0, 1.0) for name, ends in RANGES.items()}
    return ranges | {f"extra_{i}": (0.0, 1.0) for i in range(count - len(ranges))}


def build_image(model: Ensemble, *, with_applicability: bool = True) -> ee.Image:
    """The image of the cells' fluxes."""
    return build_flux_image(
        model,
        ee.Image(SERIES),
        forest_type=ee.Image(FOREST),
        latitude=ee.Image.pixelLonLat().select("latitude"),
        with_applicability=with_applicability,
    )


def ask(image: ee.Image) -> dict[str, np.ndarray]:
    """Layers (row, column) of an image that was written as text and read again, NaN = masked."""
    text = json.dumps(json.loads(image.serialize()))
    again = ee.Image(ee.deserializer.fromJSON(text)).unmask(MASKED, False)
    (width, height), (x, y) = GRID.step, GRID.corner
    where = asking.grid(GEOGRAPHIC, width, (x, y), GRID.shape)
    assert height == -width
    return layers_of(asking.pixels(again, where))


def layers_of(answer: np.ndarray) -> dict[str, np.ndarray]:
    """Layers (row, column) of an answer whose masked pixels are `MASKED`, as NaN."""
    layers = {name: answer[name].astype("float64") for name in answer.dtype.names}
    return {n: np.where(v == MASKED, np.nan, v) for n, v in layers.items()}


def expect(model: Ensemble, dataset: xr.Dataset) -> dict[str, np.ndarray]:
    """What the image should hold (row, column): `predict`, with what cannot be sent as NaN."""
    result = model.predict(dataset)
    layers = {name: result[name].values.astype("float64") for name in result.data_vars}
    for target in ("gpp", "nee"):
        infinite = np.isinf(layers[f"{target}_upper"])
        for end in ("lower", "upper"):
            layers[f"{target}_{end}"][infinite] = np.nan
    layers["applicable"][layers["applicable"] == NO_FOREST] = np.nan
    return layers


def in_double(model: Ensemble) -> Ensemble:
    """The same ensemble whose networks compute in double precision, as Earth Engine does."""
    exact = deepcopy(model)
    for member in exact.members:
        member.network.double()
        member.network.register_forward_pre_hook(
            lambda _, inputs: tuple(part.double() for part in inputs)
        )
    return exact


def compare(
    found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]
) -> pd.Series:
    """Greatest difference of each layer, infinite where one has a value and the other none."""
    worst = {}
    for name, values in expected.items():
        known = np.isfinite(values)
        same = np.array_equal(known, np.isfinite(found[name]))
        apart = np.abs(found[name] - values)[known]
        worst[name] = float(apart.max(initial=0)) if same else np.inf
    return pd.Series(worst)
