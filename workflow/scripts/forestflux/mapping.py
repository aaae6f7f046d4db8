"""Map: the tiles of a year on one global grid, with interval and CF attributes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import xarray as xr
from pyproj import CRS

from forestflux.errors import InputError
from forestflux.grid import Grid, Tile, cell_area
from forestflux.layers import APPLICABLE, DISSIMILARITY
from forestflux.names import FLUX_UNIT, FLUXES, FOREST_TYPES
from forestflux.store import load_store

LAYERS = ("forest_fraction", "forest_type", "gap_fraction", "dissimilarity")
SIGN = "Per m2 of forest ground and year. Negative is uptake of carbon by the forest."
POSITIVE = "Per m2 of forest ground and year. Positive as a rate; NEE = RECO - GPP."
LONG_NAMES = {
    "gpp": "gross primary production (GPP) of forest",
    "reco": "ecosystem respiration (RECO) of forest, positive into the air",
    "nee": "net ecosystem exchange (NEE = RECO - GPP) of forest, negative is uptake",
}
# CF has a name for GPP only. Its net land carbon fluxes count downward as positive and
# include fire and harvest: neither the sign nor the meaning of NEE. For RECO as a whole
# it has none.
STANDARD_NAMES = {"gpp": "gross_primary_productivity_of_biomass_expressed_as_carbon"}


class Trained(Protocol):
    """What the mapping needs of a trained model: `forestflux.ensemble.Model`.

    Attributes
    ----------
    level : nominal coverage of the interval, 0-1
    """

    level: float

    def interval(
        self, gpp: np.ndarray, nee: np.ndarray, forest_type: np.ndarray
    ) -> dict[str, np.ndarray]:
        """`gpp_lower`, `gpp_upper`, `nee_lower`, `nee_upper` (sample,)."""

    def applicable(self, dissimilarity: np.ndarray, forest: np.ndarray) -> np.ndarray:
        """1 inside the area of applicability, 0 outside, 255 no forest, uint8."""


def map_year(
    tiles: Sequence[tuple[Tile, Path]],
    grid: Grid,
    model: Trained,
    *,
    year: int,
) -> xr.Dataset:
    """The global map of a year (see docs/contracts.md, maps).

    All members of the globe are in memory at once: 8 bytes x cells x members.

    Parameters
    ----------
    tiles : every tile of the grid with its infer store
    grid : the global grid
    model : the trained model, for the interval of a cell and its area of applicability
    year : the year that the stores must be of

    Raises
    ------
    InputError : a tile is missing or doubled, of another grid, year or number of
        members
    """
    check_tiles([tile for tile, _ in tiles], grid, year)
    layers = assemble(tiles, grid, year=year)
    fluxes = ensemble_fluxes(layers["gpp"], layers["reco"])
    bounds = interval(fluxes, layers["forest_type"], model)
    variables = {
        **{name: flux_variable(name, fluxes[name]) for name in FLUXES},
        **{name: bound_variable(name, bounds[name], model.level) for name in bounds},
        "gpp_member": member_variable("gpp", layers["gpp"]),
        "reco_member": member_variable("reco", layers["reco"]),
        **{name: layer_variable(name, layers[name]) for name in LAYERS},
        "applicable": layer_variable(
            "applicable",
            model.applicable(layers["dissimilarity"], np.isfinite(fluxes["gpp"])),
        ),
        "cell_area": area_variable(grid),
    }
    return xr.Dataset(
        variables, coords=coordinates(grid, len(layers["gpp"])), attrs=title(year)
    )


def check_tiles(tiles: list[Tile], grid: Grid, year: int) -> None:
    """Refuse a list of tiles that does not cover the grid once."""
    wanted = {tile.name for tile in grid.tiles()}
    names = [tile.name for tile in tiles]
    problems = {
        "not of the grid": sorted({t.name for t in tiles if t.grid != grid}),
        "unknown": sorted(set(names) - wanted),
        "missing": sorted(wanted - set(names)),
        "twice": sorted({name for name in names if names.count(name) > 1}),
    }
    for problem, which in problems.items():
        if which:
            raise InputError(
                f"map {year}",
                variable="tiles",
                expected=f"each of the grid's {len(wanted)} tiles once",
                found=f"{problem}: {', '.join(which[:5])} ({len(which)} in all)",
            )


def assemble(
    tiles: Sequence[tuple[Tile, Path]], grid: Grid, *, year: int
) -> dict[str, np.ndarray]:
    """Global arrays: gpp, reco (member, y, x) and the layers (y, x)."""
    layers = {}
    for tile, path in tiles:
        part = load_store(path, ("gpp", "reco", *LAYERS))
        check_part(part, tile, path, year=year)
        if not layers:
            members = part.sizes["member"]
            layers = {
                name: np.empty(
                    (members, *grid.shape) if part[name].ndim == 3 else grid.shape,
                    part[name].dtype,
                )
                for name in part.data_vars
            }
        if part.sizes["member"] != members:
            raise InputError(
                path,
                variable="member",
                expected=f"{members} members as in the first tile",
                found=str(part.sizes["member"]),
            )
        for name, array in layers.items():
            array[..., tile.rows, tile.columns] = part[name].values
    return layers


def check_part(part: xr.Dataset, tile: Tile, path: Path, *, year: int) -> None:
    """Refuse an infer store that is not of this tile and year."""
    for name, wanted in (("y", tile.latitudes()), ("x", tile.longitudes())):
        found = part[name].values
        if found.shape != wanted.shape or not np.allclose(found, wanted, atol=1e-6):
            raise InputError(
                path,
                variable=name,
                expected=f"the {len(wanted)} cell centres of tile {tile.name}",
                found=f"{len(found)} values",
            )
    if part.attrs.get("year") != year:
        raise InputError(
            path,
            variable="year",
            expected=str(year),
            found=str(part.attrs.get("year")),
        )


def ensemble_fluxes(gpp: np.ndarray, reco: np.ndarray) -> dict[str, np.ndarray]:
    """Ensemble means (y, x), float32; NEE is the stored RECO - GPP, so it closes."""
    mean_gpp = gpp.mean(axis=0, dtype="float64").astype("float32")
    mean_reco = reco.mean(axis=0, dtype="float64").astype("float32")
    return {"gpp": mean_gpp, "reco": mean_reco, "nee": mean_reco - mean_gpp}


def interval(
    fluxes: dict[str, np.ndarray], forest_type: np.ndarray, model: Trained
) -> dict[str, np.ndarray]:
    """Bounds (y, x) of a cell's interval, NaN outside forest; GPP is never negative."""
    forest = np.isfinite(fluxes["gpp"])
    found = model.interval(
        fluxes["gpp"][forest], fluxes["nee"][forest], forest_type[forest]
    )
    found["gpp_lower"] = np.maximum(found["gpp_lower"], 0)
    bounds = {}
    for name, values in found.items():
        bounds[name] = np.full(forest.shape, np.nan, "float32")
        bounds[name][forest] = values
    return bounds


def flux_variable(name: str, values: np.ndarray) -> tuple:
    """An ensemble mean (y, x) with its CF attributes."""
    attrs = flux_attributes(LONG_NAMES[name], name)
    if name in STANDARD_NAMES:
        attrs["standard_name"] = STANDARD_NAMES[name]
    if name != "reco":
        attrs["ancillary_variables"] = f"{name}_lower {name}_upper"
    return ("y", "x"), values, attrs


def bound_variable(name: str, values: np.ndarray, level: float) -> tuple:
    """A bound of the interval (y, x) with its CF attributes."""
    flux, side = name.split("_")
    attrs = flux_attributes(
        f"{side} bound of the {level:.0%} interval of {flux.upper()}", flux
    )
    attrs["level"] = level
    attrs["comment"] += (
        " For one cell: calibrated on sites that the networks had not seen. Errors of"
        " neighbouring cells go together, so bounds of a sum do not follow from these."
    )
    return ("y", "x"), values, attrs


def member_variable(flux: str, values: np.ndarray) -> tuple:
    """Member fluxes (member, y, x) with their CF attributes."""
    long_name = f"{LONG_NAMES[flux]}, each ensemble member"
    return ("member", "y", "x"), values, flux_attributes(long_name, flux)


def flux_attributes(long_name: str, flux: str) -> dict[str, object]:
    """Attributes that every flux layer shares."""
    return {
        "long_name": long_name,
        "units": FLUX_UNIT,
        "comment": SIGN if flux == "nee" else POSITIVE,
        "grid_mapping": "spatial_ref",
        "cell_measures": "area: cell_area",
    }


def layer_variable(name: str, values: np.ndarray) -> tuple:
    """A layer beside the fluxes (y, x) with its CF attributes."""
    attrs = {
        "forest_fraction": {"long_name": "share of the cell that is forest"},
        "forest_type": {
            "long_name": "forest type (IGBP) with the largest share",
            "flag_values": list(range(len(FOREST_TYPES) + 1)),
            "flag_meanings": " ".join(("none", *FOREST_TYPES)),
        },
        "gap_fraction": {"long_name": "share of the year's input values that are gaps"},
        "dissimilarity": DISSIMILARITY,
        "applicable": APPLICABLE,
    }[name]
    unit = {} if "flag_values" in attrs else {"units": "1"}
    return ("y", "x"), values, {**attrs, **unit, "grid_mapping": "spatial_ref"}


def area_variable(grid: Grid) -> tuple:
    """Cell area on the ellipsoid (y, x), float64."""
    area = cell_area(grid.latitudes(), grid.resolution_deg)
    attrs = {
        "standard_name": "cell_area",
        "long_name": "area of the cell on the WGS 84 ellipsoid",
        "units": "m2",
        "grid_mapping": "spatial_ref",
    }
    return ("y", "x"), np.broadcast_to(area[:, None], grid.shape).copy(), attrs


def coordinates(grid: Grid, members: int) -> dict[str, tuple]:
    """Coordinates of the global grid and its reference system."""
    return {
        "member": ("member", np.arange(members), {"long_name": "ensemble member"}),
        "y": ("y", grid.latitudes(), axis("latitude", "degrees_north", "Y")),
        "x": ("x", grid.longitudes(), axis("longitude", "degrees_east", "X")),
        "spatial_ref": ((), np.int32(4326), spatial_reference(grid)),
    }


def axis(name: str, units: str, letter: str) -> dict[str, str]:
    """CF attributes of a horizontal axis."""
    return {"standard_name": name, "long_name": name, "units": units, "axis": letter}


def spatial_reference(grid: Grid) -> dict[str, object]:
    """CF grid mapping of EPSG:4326 with the transform that GDAL reads."""
    step = grid.resolution_deg
    return {
        **CRS.from_epsg(4326).to_cf(),
        "GeoTransform": f"-180 {step} 0 90 0 {-step}",
    }


def title(year: int) -> dict[str, object]:
    """Global attributes of a map."""
    return {
        "Conventions": "CF-1.11",
        "title": f"Annual GPP, RECO and NEE of forests, {year}",
        "comment": SIGN,
        "year": year,
    }
