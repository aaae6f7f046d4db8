"""What the sensors record of the simulated planet, laid out as the product table has it."""

from collections.abc import Callable, Sequence

import numpy as np

from forestflux.core.calendars.eight_day import STEPS, step_starts, year_length
from forestflux.core.grids.places import TowerPlace
from forestflux.core.input_errors import InputError
from forestflux.core.names import IGBP_CLASSES
from forestflux.core.product_tables.pixel_quality import (
    code,
    pack_average,
    stored_reason,
)
from forestflux.core.product_tables.pixel_rules import Average
from forestflux.core.product_tables.products import Extract, Product, Simulation
from forestflux.sources.simulated import sensors
from forestflux.sources.simulated.carbon import CarbonYear
from forestflux.sources.simulated.noise import hashed

RAIN = "precipitation"
# What has a sensor of its own, with the faults, fills and quality bits of the real product.
SENSORS = ("ndvi", "evi", "evapotranspiration", "lst_day", "lst_night", RAIN)
# What these sensors store where they measure nothing.
SENSOR_FILLS: dict[str, tuple[int, ...]] = {
    "evapotranspiration": (
        sensors.WATER_FILL,
        sensors.BARREN_FILL,
        sensors.ICE_FILL,
    ),
    "lst_day": (0,),
    "lst_night": (0,),
}
# Quantities (cell, step) of the planet that any further product may record; their units are
# those of `CarbonYear` and `Weather`.
QUANTITIES: dict[str, Callable[[CarbonYear], np.ndarray]] = {
    "absorbed": lambda year: year.absorbed,
    "temperature": lambda year: year.weather.temperature,
    "wetness": lambda year: year.weather.wetness,
    "cloud": lambda year: year.weather.cloud,
    "shortwave": lambda year: year.weather.shortwave,
    "demand": lambda year: year.weather.demand,
}


def window_pixels(
    keys: np.ndarray, window: int
) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Cell and key of each pixel (pixel,) of stacked windows, and the stack's shape.

    Parameters
    ----------
    keys : integer of each tower's position (cell,), uint64
    window : pixels on each side
    """
    inside = np.arange(window * window)
    cell = np.repeat(np.arange(len(keys)), window * window)
    pixels = hashed(0, "pixel", keys[:, None], inside[None, :]).ravel()
    return cell, pixels, (len(keys) * window, window)


def simulation_of(variable: str, product: Product) -> Simulation:
    """What the planet's sensors record for a product.

    Raises
    ------
    InputError : the product table does not say it, or names what the planet has not
    """
    simulation = product.extract.simulation
    if simulation is None or simulation.quantity not in (*SENSORS, *QUANTITIES):
        raise InputError(
            "product table",
            variable=f"{variable}.extract.simulation.quantity",
            expected=f"one of {', '.join((*SENSORS, *QUANTITIES))}",
            found="nothing" if simulation is None else simulation.quantity,
        )
    return simulation


def record(
    scene: sensors.Scene, variable: str, product: Product
) -> tuple[np.ndarray, ...]:
    """Stored values and, where the product has it, quality, both (pixel, step)."""
    layers = record_quantity(scene, variable, product)
    simulation = simulation_of(variable, product)
    if simulation.add:
        layers = (add_difference(layers[0], product.extract, simulation), *layers[1:])
    if simulation.quality:
        layers = (layers[0], translate_quality(layers[1], simulation.quality))
    return layers


def add_difference(
    stored: np.ndarray, extract: Extract, simulation: Simulation
) -> np.ndarray:
    """Stored numbers as a product has them that differs from the sensor's; fills stay."""
    fills = SENSOR_FILLS.get(simulation.quantity, ())
    measured = ~np.isin(stored, (extract.absent, *fills))
    return np.where(measured, stored + simulation.add, stored)


def translate_quality(quality: np.ndarray, codes: Sequence[int]) -> np.ndarray:
    """A quality band in the codes of another product; what the sensor has not stays."""
    known = (quality >= 0) & (quality < len(codes))
    translated = np.array(codes)[np.where(known, quality, 0).astype(int)]
    return np.where(known, translated, quality)


def record_quantity(
    scene: sensors.Scene, variable: str, product: Product
) -> tuple[np.ndarray, ...]:
    """What a sensor of the planet stores of a quantity, as `record`."""
    extract, simulation = product.extract, simulation_of(variable, product)
    quantity = simulation.quantity
    if quantity in ("ndvi", "evi"):
        return sensors.vegetation_index(
            scene,
            quantity,
            absent=extract.absent,
            quality_absent=pixel_quality_absent(extract),
        )
    if quantity == "evapotranspiration":
        return sensors.evapotranspiration(
            scene, quality_absent=pixel_quality_absent(extract)
        )
    if quantity in ("lst_day", "lst_night"):
        return sensors.surface_temperature(scene, quantity)
    noise = 1 + simulation.noise * scene.noise(f"{variable} noise")
    values = QUANTITIES[quantity](scene.carbon)[scene.cell] * noise
    values = values * simulation.multiply
    if np.issubdtype(extract.dtype, np.integer):
        values = np.rint(values)
    return (values, np.zeros_like(values)) if product.has_quality else (values,)


def tower_classes(place: TowerPlace, extract: Extract, year: int) -> dict:
    """Land cover of towers' windows: each tower's own class, as IGBP counts it."""
    code_of = {name: code for code, name in enumerate(IGBP_CLASSES, start=1)}
    codes = place.sites["igbp"].map(code_of).to_numpy(extract.dtype)
    side = extract.window
    windows = np.repeat(codes, side * side).reshape(1, -1, side)
    dims = ("time_landcover", "y_landcover", "x_landcover")
    first = np.array([f"{year}-01-01"], "datetime64[ns]")
    return {dims[0]: (dims[:1], first), "landcover": (dims, windows)}


def rain_of(
    rain: np.ndarray, keys: np.ndarray, extract: Extract, *, year: int, seed: int
) -> np.ndarray:
    """Rain (pixel, image), m: sums over steps where the table says so, else days."""
    read = sensors.step_rain if extract.sum_over_step else sensors.daily_rain
    return read(rain, keys, year=year, seed=seed)


def at_sea(variable: str, product: Product) -> tuple[float, float]:
    """What a product stores where there is no land: value and quality."""
    fills = {
        "ndvi": sensors.VEGETATION_FILL,
        "evi": sensors.VEGETATION_FILL,
        "evapotranspiration": sensors.WATER_FILL,
    }
    simulation, extract = simulation_of(variable, product), product.extract
    fill = simulation.fill
    if fill is None:
        fill = fills.get(simulation.quantity, extract.absent)
    return fill, pixel_quality_absent(extract)


def pixel_quality_absent(extract: Extract) -> int:
    """Quality of a pixel that has none; the quality band of an average is another one."""
    if extract.average is not None:
        return extract.average.pixel_quality_absent
    return extract.quality_absent


def fill_layers(variable: str, product: Product, cells: int) -> list[np.ndarray]:
    """Values and, where the product has it, quality (step, cell) where there is only sea."""
    sea = [np.full((1, 1), value) for value in at_sea(variable, product)]
    layers = average_pixels(product, sea if product.has_quality else sea[:1])
    return [np.full((STEPS, cells), layer.item(), layer.dtype) for layer in layers]


def average_pixels(product: Product, layers: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What a product stores of its pixels' values and quality, in its types.

    Parameters
    ----------
    layers : of the pixels, all alike in a cell, (step, cell)
    """
    extract = product.extract
    if extract.average is not None:
        stored, quality = layers
        layers = average_alike(stored, quality, extract.average, absent=extract.absent)
    types = (extract.dtype, extract.quality_dtype)
    return [layer.astype(kind) for layer, kind in zip(layers, types, strict=False)]


def average_alike(
    stored: np.ndarray, quality: np.ndarray, rules: Average, *, absent: float
) -> list[np.ndarray]:
    """Averages over cells whose pixels are all alike, and their quality band.

    Parameters
    ----------
    stored, quality : of the pixels of each cell, of any shape
    absent : stored value where there is nothing
    """
    reason = stored_reason(stored, quality, rules, absent=absent)
    percents = {
        name: np.where(reason == code(name), 100, 0)
        for name in ("valid", *rules.counted_reasons)
    }
    value = np.where(reason == 0, stored, absent)
    return [value, pack_average(percents)]


def spread_over(
    layer: np.ndarray, land: np.ndarray, sea: float, shape: tuple[int, int]
) -> np.ndarray:
    """A layer of land pixels (pixel, image) on its map (image, y, x), else `sea`."""
    spread = np.full((layer.shape[1], land.size), sea, dtype=float)
    spread[:, land] = layer.T
    return spread.reshape(-1, *shape)


def as_arrays(
    variable: str, product: Product, layers: Sequence[np.ndarray], year: int
) -> dict:
    """Arrays of a variable and its quality with the first day of each image.

    Parameters
    ----------
    layers : values and, where the product has it, quality: (step or day, y, x)
    """
    days, extract = step_starts(year), product.extract
    quantity = simulation_of(variable, product).quantity
    if quantity == RAIN and not extract.sum_over_step:
        days = days[0] + np.arange(year_length(year))
    elif quantity != RAIN:
        steps = sensors.image_steps(quantity, year, collections=extract.collections)
        days, layers = days[steps], [layer[steps] for layer in layers]
    dims = (f"time_{variable}", f"y_{variable}", f"x_{variable}")
    arrays: dict[str, tuple] = {
        dims[0]: (dims[:1], days.astype("datetime64[ns]")),
        variable: (dims, layers[0].astype(extract.dtype)),
    }
    if product.has_quality:
        arrays[f"{variable}_quality"] = (
            dims,
            layers[1].astype(extract.quality_dtype),
        )
    return arrays
