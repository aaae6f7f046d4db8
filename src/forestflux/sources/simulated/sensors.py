"""What satellites record of the planet: stored integers, quality bits, fills.

The bits are those of the user guides: MOD13 SummaryQA (0 good, 1 marginal, 2 snow, 3
cloud), MOD11 QC (bits 0-1: 0 good, 1 less good, 2 none for cloud, 3 none; bits 6-7:
error up to 1, 2, 3 K and more), MOD16 ET_QC (bit 0 quality, bits 3-4 cloud, bits 5-7
method). Clouds come from the year's weather, more of them in the wet tropics and in the
boreal autumn.
"""

from dataclasses import dataclass

import numpy as np

from forestflux.core.calendars.eight_day import (
    STEP_DAYS,
    STEPS,
    step_lengths,
    step_starts,
    year_length,
)
from forestflux.core.names import FOREST_TYPES
from forestflux.sources.simulated.carbon import CarbonYear, water_factor
from forestflux.sources.simulated.climate import sigmoid
from forestflux.sources.simulated.noise import Lattice, hashed, normal, uniform
from forestflux.sources.simulated.vegetation import Cells

KELVIN = 273.15
NEEDLELEAF = tuple(1 + FOREST_TYPES.index(name) for name in ("ENF", "DNF"))

# Below this height of the noon sun no reflectance is computed, degrees.
LOWEST_SUN = 7.0

# The vegetation indices of Aqua and S-NPP begin on these days; Terra was silent in these steps.
AQUA_START = np.datetime64("2002-07-04")
NPP_START = np.datetime64("2012-01-17")
TERRA_SILENT = {2001: (21, 22), 2016: (6,)}

VEGETATION_FILL = -3000
WATER_FILL, BARREN_FILL, ICE_FILL = 32766, 32765, 32764


@dataclass(frozen=True)
class Scene:
    """Pixels of one product and year over cells.

    Attributes
    ----------
    cells, carbon : the planet below
    cell : index of each pixel's cell (pixel,)
    keys : integer of each pixel's position (pixel,), uint64
    year, seed : of the simulation
    cloudiness : multiplies the chance of a cloud gap
    """

    cells: Cells
    carbon: CarbonYear
    cell: np.ndarray
    keys: np.ndarray
    year: int
    seed: int
    cloudiness: float

    def noise(self, name: str) -> np.ndarray:
        """Independent numbers of mean 0 and variance 1 (pixel, step)."""
        return normal(self.hashes(name))

    def chance(self, name: str) -> np.ndarray:
        """Independent numbers from 0 to 1 (pixel, step)."""
        return uniform(self.hashes(name))

    def hashes(self, name: str) -> np.ndarray:
        """Independent hashes (pixel, step), uint64."""
        steps = self.year * STEPS + np.arange(STEPS)
        return hashed(self.seed, name, self.keys[:, None], steps[None, :])

    def offset(self, name: str) -> np.ndarray:
        """Numbers that stay with a pixel (pixel, 1), mean 0, variance 1."""
        return normal(hashed(self.seed, name, self.keys))[:, None]

    def cloudy(self, name: str, power: float) -> np.ndarray:
        """Whether clouds hide a pixel in a step (pixel, step).

        The chance grows with a power of the cloud cover; whole regions are
        hidden together, and neighbouring pixels more often than not.
        """
        lattice = Lattice(self.cells.latitudes, self.cells.longitudes, scale_km=700)
        first = self.year * STEPS
        nodes = lattice.node_series(
            self.seed, f"{name} sky", first_step=first, steps=STEPS, period=1
        )
        steps = first + np.arange(STEPS)
        local = hashed(self.seed, name, self.cells.keys[:, None], steps[None, :])
        score = 0.7 * lattice.moving(nodes) + 0.55 * normal(local)
        chance = self.cloudiness * 0.95 * self.carbon.weather.cloud**power
        chance = np.clip(chance, 1e-12, 1 - 1e-12)
        # The logit divided by 1.702 is close to the quantile of the normal law.
        quantile = np.log(chance / (1 - chance)) / 1.702
        return (score - quantile)[self.cell] + 0.45 * self.noise(f"{name} pixel") < 0

    def snowy(self) -> np.ndarray:
        """Share of the ground under snow (cell, step), 0-1."""
        return sigmoid((-2.0 - self.carbon.weather.season) / 1.0)

    def dark(self) -> np.ndarray:
        """Whether the sun is too low for reflectances (pixel, step)."""
        return (self.cells.climate.noon_sun < LOWEST_SUN)[self.cell]


def vegetation_index(
    scene: Scene, variable: str, *, absent: float, quality_absent: int
) -> tuple[np.ndarray, np.ndarray]:
    """NDVI or EVI x 10000 and SummaryQA, both (pixel, step).

    Parameters
    ----------
    variable : ndvi or evi
    absent, quality_absent : written in polar night
    """
    absorbed = scene.carbon.absorbed
    if variable == "ndvi":
        index = 0.10 + 0.84 * absorbed
    else:
        needles = np.isin(scene.cells.kind, NEEDLELEAF)[:, None]
        index = 0.04 + np.where(needles, 0.48, 0.64) * absorbed**1.2
    quality = summary_quality(scene)
    patch = 0.6 * scene.offset("patch") + 0.8 * scene.offset(f"patch {variable}")
    noise = scene.noise(f"{variable} noise")
    index = index[scene.cell] + 0.010 * patch
    spread = np.array([0.014, 0.028, 0.03, 0.03])[quality]
    cover = np.array([0.0, 0.03, 0.6, 0.35])[quality]
    cover = cover * (0.5 + scene.chance("veil"))
    index = index * (1 - cover) + spread * noise
    stored = np.clip(np.rint(10000 * index), -2000, 10000)
    dark = scene.dark()
    return np.where(dark, absent, stored), np.where(dark, quality_absent, quality)


def summary_quality(scene: Scene) -> np.ndarray:
    """SummaryQA of each pixel and step (pixel, step) where the sun is up.

    Trees stand above the snow: evergreen canopies are flagged half as often.
    """
    evergreen = scene.cells.habit("bare") > 0.5
    flagged = scene.snowy() * np.where(evergreen, 0.30, 0.65)
    marginal = 0.10 + 0.35 * scene.carbon.weather.cloud + 0.3 * scene.snowy()
    chance = scene.chance("snow flag")
    quality = (scene.chance("marginal") < marginal[scene.cell]).astype(int)
    quality[chance < flagged[scene.cell]] = 2
    quality[scene.cloudy("optical", 2.0)] = 3
    return quality


def surface_temperature(scene: Scene, variable: str) -> tuple[np.ndarray, np.ndarray]:
    """LST / 0.02 K (0 where there is none) and QC, both (pixel, step).

    By day the ground is warmer than the air by sunshine that no leaf takes up and no
    water cools.
    """
    weather = scene.carbon.weather
    if variable == "lst_day":
        shade = 1 - 0.7 * np.minimum(scene.carbon.absorbed, 1.0)
        heating = 0.55 * weather.shortwave * shade * (1.25 - 0.8 * weather.wetness)
        celsius = 2 * weather.temperature - weather.night + heating - 2.0
    else:
        celsius = weather.night
    draw = scene.chance(f"{variable} error")
    error = (draw > 0.68).astype(int) + (draw > 0.92) + (draw > 0.97)
    noise = scene.noise(f"{variable} noise") * np.array([0.6, 1.1, 2.0, 3.5])[error]
    kelvin = KELVIN + celsius[scene.cell] + noise + 0.4 * scene.offset(variable)
    quality = np.where(error > 0, 1 + (error << 6), 0)
    hidden = scene.cloudy(variable, 1.9)
    failed = scene.chance(f"{variable} failed") < 0.01
    quality = np.where(hidden, 2, np.where(failed, 3, quality))
    stored = np.where(hidden | failed, 0, np.rint(kelvin / 0.02))
    return stored, quality


def evapotranspiration(
    scene: Scene, *, quality_absent: int
) -> tuple[np.ndarray, np.ndarray]:
    """ET x 10 summed over each composite (kg m-2) and ET_QC, both (pixel, step).

    Barren ground and ice hold their fill values. The product is gap-filled: few pixels
    are flagged.
    """
    weather, climate = scene.carbon.weather, scene.cells.climate
    water = 0.25 + 0.75 * water_factor(weather.wetness)
    rate = weather.demand * water * (0.12 + 0.85 * scene.carbon.absorbed)
    bias = 1 + 0.05 * scene.offset("et")
    rate = rate[scene.cell] * bias * (1 + 0.06 * scene.noise("et noise"))
    stored = np.rint(10 * np.maximum(rate, 0) * step_lengths(scene.year))
    flag = scene.chance("et flag")
    clouds = 0.06 * scene.cloudiness * weather.cloud[scene.cell]
    quality = np.where(flag < clouds, 1 << 3, 0)
    quality = np.where(flag > 0.995, 1, quality)
    quality = np.where((flag > 0.98) & (flag <= 0.995), (4 << 5) | 1, quality)
    open_land = scene.cells.kind == 0
    barren = open_land & (climate.annual_rain < 180)
    ice = open_land & (climate.mean_temperature + climate.amplitude < 1.0)
    fill = np.where(ice, ICE_FILL, np.where(barren, BARREN_FILL, 0))
    fill = fill[scene.cell][:, None]
    return np.where(fill > 0, fill, stored), np.where(fill > 0, quality_absent, quality)


def step_rain(
    rain: np.ndarray, keys: np.ndarray, *, year: int, seed: int
) -> np.ndarray:
    """Rain summed over each step (pixel, step), m, with the error of a weather model.

    Parameters
    ----------
    rain : true rain (pixel, step), mm day-1
    keys : integer of each pixel's position (pixel,), uint64
    """
    steps = year * STEPS + np.arange(STEPS)
    draw = hashed(seed, "rain error", keys[:, None], steps[None, :])
    return rain * step_lengths(year) * np.exp(0.10 * normal(draw)) / 1000.0


def daily_rain(
    rain: np.ndarray, keys: np.ndarray, *, year: int, seed: int
) -> np.ndarray:
    """Rain of each day (pixel, day), m; the days of a step sum to its `step_rain`.

    Parameters
    ----------
    rain : true rain (pixel, step), mm day-1
    keys : integer of each pixel's position (pixel,), uint64
    """
    days = np.arange(year_length(year))
    steps = np.minimum(days // STEP_DAYS, STEPS - 1)
    draw = hashed(seed, "wet day", keys[:, None], year * 366 + days[None, :])
    share = 0.02 + np.maximum(uniform(draw) - 0.45, 0) ** 2
    total = np.add.reduceat(share, STEP_DAYS * np.arange(STEPS), axis=1)
    return (step_rain(rain, keys, year=year, seed=seed) / total)[:, steps] * share


def image_steps(
    variable: str, year: int, *, collections: tuple[str, ...]
) -> np.ndarray:
    """Steps on which an image of a variable begins (image,), without missing images.

    Terra's 16-day composites begin on even steps, Aqua's on odd ones, those of S-NPP on all.
    """
    steps = np.arange(STEPS)
    silent = np.isin(steps, TERRA_SILENT.get(year, ()))
    if variable in ("lst_day", "lst_night"):
        return steps[~silent]
    if variable not in ("ndvi", "evi"):
        return steps
    has_terra = any("/MOD13" in name for name in collections)
    has_aqua = any("/MYD13" in name for name in collections)
    terra = (steps % 2 == 0) & ~silent & has_terra
    aqua = (steps % 2 == 1) & (step_starts(year) >= AQUA_START) & has_aqua
    has_npp = any("/VNP13" in name for name in collections)
    npp = (step_starts(year) >= NPP_START) & has_npp
    return steps[terra | aqua | npp]
