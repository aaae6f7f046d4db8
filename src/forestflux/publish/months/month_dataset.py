"""The published dataset of the months of a year, and the same for ILAMB."""

from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.core.calendars.months import month_lengths, month_starts
from forestflux.core.grids.grid import Grid
from forestflux.core.layers import (
    BIAS,
    LAYERS,
    POSITIVE,
    REGION_LAYERS,
    SIGN,
    list_layers,
)
from forestflux.core.names import FLUXES, TARGET_FLUXES
from forestflux.jobs.stores.store import check_names, check_year, open_store
from forestflux.maps.mosaic import spatial_reference
from forestflux.publish.published_dataset import (
    DIMS,
    EPOCH,
    ProductSettings,
    coordinate_attributes,
    global_attributes,
    make_bounds,
    time_attributes,
)

# Sums over the month: a unit with a month in it would take each for a twelfth of a year.
MONTH_UNITS = "g m-2"
ILAMB_UNITS = "kg m-2 s-1"
GRAMS, SECONDS = 1000.0, 86400.0
OF_MONTH = (
    " Sum over the calendar month; the twelve sums of GPP and of RECO are those of the year."
    " Mass is that of carbon."
)
HALF_WIDTH = (
    " The interval reaches so far to both sides, for GPP not below 0. For one cell and month:"
    " neither bounds of a year nor of a region follow from it."
)
RATE = " Mean rate of the calendar month. Mass is that of carbon."
SIGNS = {"gpp": POSITIVE, "reco": POSITIVE, "nee": SIGN + BIAS}
# Layers of the map of the year that go along, without time.
BESIDE = ("forest_fraction", "cell_area")


def open_months(path: Path, *, year: int) -> xr.Dataset:
    """The months of a year on the globe, opened lazily.

    Raises
    ------
    InputError : a layer is missing or damaged, or it is another year
    """
    months = open_store(path)
    widths = [f"{flux}_half_width" for flux in TARGET_FLUXES]
    check_names(months, [*FLUXES, *widths], path)
    check_year(months, year, path)
    return months.chunk()


def build_month_dataset(
    months: xr.Dataset,
    mapped: xr.Dataset,
    *,
    year: int,
    settings: ProductSettings,
    history: str,
) -> xr.Dataset:
    """The dataset (time, latitude, longitude) of the twelve months, as lazy as the months.

    Parameters
    ----------
    months : as `open_months` gives it
    mapped : the map of the year, as `forestflux.publish.published_dataset.open_map` gives it
    year : of both
    settings : of the run, with the grid of the map
    history : what made it

    Returns
    -------
    gpp, reco, nee, gpp_half_width, nee_half_width (time, latitude, longitude), g m-2;
    forest_fraction, cell_area and, of a run with a region, region_share (latitude,
    longitude); coordinates with bounds
    """
    level = months["gpp_half_width"].attrs["level"]
    layers: dict[str, tuple] = {
        name: make_layer(months[name], **attributes)
        for name, attributes in describe_month_layers(level).items()
    }
    layers |= list_fixed(mapped, settings.grid, year)
    attributes = global_attributes(year, settings, history=history)
    attributes["title"] = attributes["title"].replace("Annual", "Monthly")
    return xr.Dataset(layers, make_coordinates(settings.grid, year), attributes)


def describe_month_layers(level: float) -> dict[str, dict[str, str]]:
    """CF attributes of the layers of the months by name: fluxes, half-widths of their intervals.

    Parameters
    ----------
    level : nominal coverage of the intervals, 0-1
    """
    layers = {
        flux: {
            "units": MONTH_UNITS,
            "long_name": f"{LAYERS[flux].long_name}, sum of the month",
            "comment": SIGNS[flux] + OF_MONTH,
            "cell_methods": "time: sum",
        }
        for flux in FLUXES
    }
    for flux in TARGET_FLUXES:
        name = f"{flux}_half_width"
        layers[flux]["ancillary_variables"] = f"{name} forest_fraction"
        layers[name] = {
            "units": MONTH_UNITS,
            "long_name": f"half-width of the {level:.0%} interval of {flux.upper()}",
            "comment": HALF_WIDTH.strip(),
        }
    return layers


def build_ilamb_dataset(dataset: xr.Dataset, *, year: int) -> xr.Dataset:
    """The same months as ILAMB reads them: mean rates in kg m-2 s-1, without intervals.

    Parameters
    ----------
    dataset : as `build_month_dataset` gives it
    """
    seconds = month_lengths(year) * SECONDS
    to_rate = (1 / (GRAMS * seconds)).astype("float32")[:, None, None]
    layers = {}
    for flux, attributes in describe_ilamb_layers().items():
        dims, values, attrs = make_layer(dataset[flux], **attributes)
        layers[flux] = (dims, values * to_rate, attrs)
    kept = dataset.drop_vars([*FLUXES, *(f"{f}_half_width" for f in TARGET_FLUXES)])
    return kept.assign(layers)


def describe_ilamb_layers() -> dict[str, dict[str, str]]:
    """CF attributes of the mean rates by flux."""
    layers = {}
    for flux in FLUXES:
        layers[flux] = {
            "units": ILAMB_UNITS,
            "long_name": LAYERS[flux].long_name,
            "comment": SIGNS[flux] + RATE,
            "cell_methods": "time: mean",
        }
        if LAYERS[flux].standard_name:
            layers[flux]["standard_name"] = LAYERS[flux].standard_name
    return layers


def make_layer(values: xr.DataArray, **attributes: str) -> tuple:
    """A layer (time, latitude, longitude) with its attributes and those of all layers."""
    shared = {"grid_mapping": "spatial_ref", "cell_measures": "area: cell_area"}
    return DIMS, values.astype("float32").data, dict(attributes) | shared


def list_fixed(mapped: xr.Dataset, grid: Grid, year: int) -> dict[str, tuple]:
    """What is the same in every month: forest, areas, bounds of the axes, the projection."""
    every = list_layers(region=True)
    layers: dict[str, tuple] = {
        name: (
            DIMS[1:],
            mapped[name].astype(every[name].dtype).data,
            every[name].attributes(),
        )
        for name in (*BESIDE, *REGION_LAYERS)
        if name in mapped
    }
    # Without a grid mapping of `cell_area`: CDO would drop a cell measure that has one.
    layers["forest_fraction"][2]["grid_mapping"] = "spatial_ref"
    starts = (month_starts(year) - np.datetime64(EPOCH)).astype(float)
    bounds = make_bounds(grid, year)
    bounds["time_bounds"] = (
        ("time", "bound"),
        np.stack([starts[:-1], starts[1:]], axis=1),
    )
    return (
        layers | bounds | {"spatial_ref": ((), np.int32(4326), spatial_reference(grid))}
    )


def make_coordinates(grid: Grid, year: int) -> dict[str, tuple]:
    """Coordinates time (middles of the months), latitude (north to south) and longitude."""
    starts = (month_starts(year) - np.datetime64(EPOCH)).astype(float)
    middles = (starts[:-1] + starts[1:]) / 2
    attributes = time_attributes() | {"long_name": "middle of the calendar month"}
    axes = {
        "latitude": (grid.latitudes(), "degrees_north", "Y"),
        "longitude": (grid.longitudes(), "degrees_east", "X"),
    }
    return {"time": ("time", middles, attributes)} | {
        name: (name, values, coordinate_attributes(name, units, letter))
        for name, (values, units, letter) in axes.items()
    }
