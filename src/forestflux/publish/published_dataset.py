"""The published dataset of a year: the map with CF coordinates, time and a quality flag."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.core.grids.grid import Grid, check_cell_centres
from forestflux.core.input_errors import InputError
from forestflux.core.layers import (
    BIAS,
    CF_FLUX_UNIT,
    NOT_FOREST,
    SIGN,
    list_layers,
)
from forestflux.jobs.settings.map_settings import PublishSettings
from forestflux.jobs.settings.run_settings import MappedGridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stores.store import check_year, open_store
from forestflux.maps.mosaic import spatial_reference

EPOCH = "1970-01-01"
DIMS = ("time", "latitude", "longitude")
REFERENCES = (
    "Wu 2019, doi 10.1109/JSTARS.2019.2954556; Meyer and Pebesma 2021, doi"
    " 10.1111/2041-210X.13650"
)
SOURCES = {
    "simulated": "series of a simulated planet, not of the Earth",
    "earthengine": "MODIS and ERA5-Land series of the Earth Engine archive",
}


@dataclass(frozen=True)
class ProductSettings:
    """What a product says of its run.

    Attributes
    ----------
    run : name
    source : of the layers, `simulated` or `earthengine`
    grid : of the maps
    publish : section of the configuration
    """

    run: str
    source: str
    grid: Grid
    publish: PublishSettings


class PublishingJobSettings(Section):
    """The settings that every job which publishes is given."""

    run: str
    seed: int
    source: str
    grid: MappedGridSettings
    publish: PublishSettings

    def of_product(self) -> ProductSettings:
        """What its products say of the run."""
        grid = Grid(**self.grid.model_dump())
        return ProductSettings(self.run, self.source, grid, self.publish)


def open_map(path: Path, grid: Grid, *, year: int) -> xr.Dataset:
    """A year's map, opened lazily, after checking that it is whole and of this grid.

    Raises
    ------
    InputError : a layer is missing, damaged or without any value; another grid or year
    """
    mapped = open_store(path)
    layers = list_layers(region=grid.is_region)
    layers.pop("quality")  # which is made here
    for name in layers:
        if name not in mapped:
            raise InputError(
                path,
                variable=name,
                expected="a layer of the map",
                found=f"only {', '.join(sorted(map(str, mapped.data_vars)))}",
            )
    check_year(mapped, year, path)
    for name, wanted in (("y", grid.latitudes()), ("x", grid.longitudes())):
        owner = f"{grid.resolution_deg} degrees"
        check_cell_centres(
            mapped[name].values, wanted, source=path, name=name, owner=owner
        )
    mapped = mapped.chunk()
    for name, layer in layers.items():
        if layer.dtype == "float32" and not np.isfinite(mapped[name]).any():
            raise InputError(
                path, variable=name, expected="some values", found="NaN in every cell"
            )
    return mapped


def build_dataset(
    mapped: xr.Dataset, *, year: int, settings: ProductSettings, history: str
) -> xr.Dataset:
    """The dataset (time, latitude, longitude) of a year, as lazy as the map.

    Parameters
    ----------
    mapped : as `open_map` gives it
    year : of the map
    settings : of the run, with the grid of the map
    history : what made it

    Returns
    -------
    every layer of `forestflux.core.layers.list_layers`, `spatial_ref`, coordinates with bounds
    """
    grid = settings.grid
    level = mapped["gpp_lower"].attrs["level"]
    max_gap_fraction = settings.publish.max_gap_fraction
    mapped = mapped.assign(
        quality=make_quality_flag(mapped, max_gap_fraction=max_gap_fraction)
    )
    layers: dict[str, tuple] = {}
    for name, layer in list_layers(region=grid.is_region).items():
        attrs = layer.attributes(level=level)
        data = mapped[name].astype(layer.dtype).data
        if name == "cell_area":
            # Without a grid mapping: CDO would drop a cell measure that has one.
            layers[name] = (DIMS[1:], data, attrs)
            continue
        attrs |= {"grid_mapping": "spatial_ref", "cell_measures": "area: cell_area"}
        if layer.flags:
            attrs["flag_values"] = np.array(attrs["flag_values"], layer.dtype)
        if layer.missing is not None:
            attrs["_FillValue"] = np.dtype(layer.dtype).type(layer.missing)
        if layer.units == CF_FLUX_UNIT:
            attrs["cell_methods"] = "time: mean"
        layers[name] = (DIMS, data[None], attrs)
    layers |= make_bounds(grid, year)
    layers["spatial_ref"] = ((), np.int32(4326), spatial_reference(grid))
    title = global_attributes(year, settings, history=history)
    return xr.Dataset(layers, make_coordinates(grid, year), title)


def make_quality_flag(mapped: xr.Dataset, *, max_gap_fraction: float) -> xr.DataArray:
    """The layer `quality` (y, x), uint8: 1 gaps, 2 outside, 3 both, 255 no forest."""
    gaps = (mapped["gap_fraction"] > max_gap_fraction).astype("uint8")
    outside = (mapped["applicable"] == 0).astype("uint8")
    forest = mapped["applicable"] != NOT_FOREST
    return (gaps + 2 * outside).where(forest, np.uint8(NOT_FOREST)).astype("uint8")


def make_coordinates(grid: Grid, year: int) -> dict[str, tuple]:
    """Coordinates time, latitude (north to south) and longitude."""
    return {
        "time": ("time", year_bounds(year).mean(keepdims=True), time_attributes()),
        "latitude": (
            "latitude",
            grid.latitudes(),
            coordinate_attributes("latitude", "degrees_north", "Y"),
        ),
        "longitude": (
            "longitude",
            grid.longitudes(),
            coordinate_attributes("longitude", "degrees_east", "X"),
        ),
    }


def coordinate_attributes(name: str, units: str, letter: str) -> dict[str, str]:
    """CF attributes of a coordinate that has bounds."""
    return {
        "standard_name": name,
        "long_name": name,
        "units": units,
        "axis": letter,
        "bounds": f"{name}_bounds",
    }


def time_attributes() -> dict[str, str]:
    """CF attributes of the time axis."""
    attrs = coordinate_attributes("time", f"days since {EPOCH}", "T")
    attrs |= {"calendar": "standard"}
    # Whole days are counted: leap seconds do not matter.
    attrs |= {"units_metadata": "leap_seconds: none"}
    return attrs | {"long_name": "middle of the calendar year"}


def year_bounds(year: int) -> np.ndarray:
    """First and last instant of the year (bound,), days since the epoch."""
    ends = np.array([f"{year}-01-01", f"{year + 1}-01-01"], "datetime64[D]")
    return (ends - np.datetime64(EPOCH)).astype(float)


def make_bounds(grid: Grid, year: int) -> dict[str, tuple]:
    """Bounds of the three axes, each (axis, bound).

    They follow from the grid exactly; bounds inferred from the centres would be rounded.
    """
    half = np.array([0.5, -0.5]) * grid.resolution_deg
    # In the order of each axis: north to south, west to east.
    edges = {
        "time": year_bounds(year)[None],
        "latitude": grid.latitudes()[:, None] + half,
        "longitude": grid.longitudes()[:, None] - half,
    }
    return {f"{name}_bounds": ((name, "bound"), edge) for name, edge in edges.items()}


def global_attributes(
    year: int, settings: ProductSettings, *, history: str
) -> dict[str, str]:
    """Global attributes; the title of a simulated planet says that it is one."""
    simulated = settings.source == "simulated"
    where = "a simulated planet, not the Earth" if simulated else "the world"
    part = "a region of " if settings.grid.is_region else ""
    return {
        "Conventions": "CF-1.11",
        "title": f"Annual GPP, RECO and NEE of the forests of {part}{where}, {year}",
        "institution": settings.publish.institution,
        "source": (
            "convolutional networks learnt at flux towers, applied to "
            + SOURCES.get(settings.source, settings.source)
        ),
        "history": history,
        "references": REFERENCES,
        "comment": SIGN + BIAS,
        "license": settings.publish.license,
        "run": settings.run,
    }
