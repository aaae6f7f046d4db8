"""Map: the tiles of a year on one grid, with interval and CF attributes."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike
from pyproj import CRS

from forestflux.core.grids.grid import Grid, Tile, cell_area, check_cell_centres
from forestflux.core.input_errors import InputError
from forestflux.core.layers import CF_FLUX_UNIT, REGION_SHARE, SIGN, list_layers
from forestflux.jobs.stores.chunked import ChunkedDataset, Where, blocks, template_array
from forestflux.jobs.stores.store import check_names, check_year, open_store
from forestflux.maps.tile_years import TileYear
from forestflux.models.flux_model import CalibratedModel

# Most rows of a chunk: a band of the map with all members must fit into memory.
BAND = 200
BESIDE = ("forest_fraction", "forest_type", "gap_fraction", "dissimilarity")
# Read for the intervals, and not part of a map.
HIDDEN = "hidden_series"


def map_year(
    tiles: Sequence[tuple[Tile, TileYear]],
    grid: Grid,
    model: CalibratedModel,
    *,
    year: int,
) -> ChunkedDataset:
    """The map of a year (see docs/reference/stores.md, maps), band by band.

    All members of a band are in memory at once: 8 bytes x cells of the band x members.

    Parameters
    ----------
    tiles : every tile of the grid with its fluxes
    grid : of the map
    model : the trained model, for the interval of a cell and its area of applicability
    year : the year that the stores must be of

    Raises
    ------
    InputError : a tile is missing or doubled, of another grid, year or number of
        members
    """
    check_tiles([tile for tile, _ in tiles], grid, year)
    members = check_stores(tiles, year=year, beside=list_beside(grid))
    layers = list_layers(region=grid.is_region)
    variables = {
        name: variable(name, template_array(grid.shape, layer.dtype), level=model.level)
        for name, layer in layers.items()
        if name != "quality"
    }
    for flux in ("gpp", "reco"):
        empty = template_array((members, *grid.shape), "float32")
        variables[f"{flux}_member"] = member_variable(flux, empty, level=model.level)
    whole = xr.Dataset(variables, coords=coordinates(grid, members), attrs=title(year))
    return ChunkedDataset(whole, bands(tiles, grid, model, members=members))


def bands(
    tiles: Sequence[tuple[Tile, TileYear]],
    grid: Grid,
    model: CalibratedModel,
    *,
    members: int,
) -> Iterator[tuple[Where, dict[str, np.ndarray]]]:
    """Rows of the map from the north, as many as a chunk has, and their layers.

    Raises
    ------
    InputError : no cell of any of them is estimated
    """
    estimated = 0
    for where in blocks({"y": grid.shape[0]}, map_chunks(grid)):
        layers = assemble(tiles, grid, rows=where["y"], members=members)
        fluxes = ensemble_fluxes(layers["gpp"], layers["reco"])
        estimated += np.isfinite(fluxes["gpp"]).sum()
        yield (
            where,
            {
                **fluxes,
                **interval(fluxes, layers, model),
                **{name: layers[name] for name in list_beside(grid)},
                "applicable": model.applicable(
                    layers["dissimilarity"], np.isfinite(fluxes["gpp"])
                ),
                "cell_area": areas(grid, where["y"]),
                "gpp_member": layers["gpp"],
                "reco_member": layers["reco"],
            },
        )
    if not estimated:
        raise InputError(
            "map",
            variable="forest_fraction",
            expected="some cell with forest (infer.min_forest_fraction) in the region",
            found="none",
        )


def list_beside(grid: Grid) -> tuple[str, ...]:
    """Layers that a map takes from its tiles as they are."""
    return (*BESIDE, *((REGION_SHARE,) if grid.is_region else ()))


def map_chunks(grid: Grid) -> dict[str, int]:
    """Length of a chunk: rows of tiles, so that what reads in blocks reads whole chunks."""
    return {"member": 1, "y": min(grid.tile_cells, BAND)}


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


def check_stores(
    tiles: Sequence[tuple[Tile, TileYear]], *, year: int, beside: Sequence[str]
) -> int:
    """Members of the infer stores, each of which must be of its tile and this year.

    Parameters
    ----------
    beside : layers that each must have beside its fluxes
    """
    members = None
    for tile, fluxes in tiles:
        path = fluxes.inferred
        part = open_store(path)
        check_names(part, ("gpp", "reco", *beside, HIDDEN), path)
        check_part(part, tile, path, year=year)
        members = members or part.sizes["member"]
        if part.sizes["member"] != members:
            raise InputError(
                path,
                variable="member",
                expected=f"{members} members as in the first tile",
                found=str(part.sizes["member"]),
            )
    return members or 0


def assemble(
    tiles: Sequence[tuple[Tile, TileYear]], grid: Grid, *, rows: slice, members: int
) -> dict[str, np.ndarray]:
    """Arrays of some rows of the grid: gpp, reco (member, y, x), the layers (y, x).

    NaN, or 0 for integers and the share in the region, where no tile is.
    """
    shape = (rows.stop - rows.start, grid.shape[1])
    layers = {
        name: np.full((members, *shape), np.nan, "float32") for name in ("gpp", "reco")
    }
    known = list_layers(region=grid.is_region)
    for name in list_beside(grid):
        dtype = known[name].dtype
        nothing = 0 if dtype == "uint8" or name == REGION_SHARE else np.nan
        layers[name] = np.full(shape, nothing, dtype)
    layers[HIDDEN] = np.zeros(shape, "uint8")
    for tile, fluxes in tiles:
        start, stop = max(rows.start, tile.rows.start), min(rows.stop, tile.rows.stop)
        if start >= stop:
            continue
        own = slice(start - tile.rows.start, stop - tile.rows.start)
        part = fluxes.load(list(layers), rows=own)
        for name, array in layers.items():
            array[..., start - rows.start : stop - rows.start, tile.columns] = part[
                name
            ].values
    return layers


def check_part(part: xr.Dataset, tile: Tile, path: Path, *, year: int) -> None:
    """Refuse an infer store that is not of this tile and year."""
    for name, wanted in (("y", tile.latitudes()), ("x", tile.longitudes())):
        owner = f"tile {tile.name}"
        check_cell_centres(
            part[name].values, wanted, source=path, name=name, owner=owner
        )
    check_year(part, year, path)


def ensemble_fluxes(gpp: np.ndarray, reco: np.ndarray) -> dict[str, np.ndarray]:
    """Ensemble means (y, x), float32; NEE is the stored RECO - GPP, so it closes."""
    mean_gpp = gpp.mean(axis=0, dtype="float64").astype("float32")
    mean_reco = reco.mean(axis=0, dtype="float64").astype("float32")
    return {"gpp": mean_gpp, "reco": mean_reco, "nee": mean_reco - mean_gpp}


def interval(
    fluxes: dict[str, np.ndarray], layers: dict[str, np.ndarray], model: CalibratedModel
) -> dict[str, np.ndarray]:
    """Bounds (y, x) of a cell's interval, NaN outside forest; GPP is never negative.

    Parameters
    ----------
    fluxes : ensemble means (y, x)
    layers : forest type, and what is missing (y, x)
    """
    forest = np.isfinite(fluxes["gpp"])
    ends = model.interval(
        fluxes["gpp"][forest],
        fluxes["nee"][forest],
        layers["forest_type"][forest],
        hidden_series=layers[HIDDEN][forest],
        gap_fraction=layers["gap_fraction"][forest],
    )
    ends["gpp_lower"] = np.maximum(ends["gpp_lower"], 0)
    bounds = {}
    for name, values in ends.items():
        bounds[name] = np.full(forest.shape, np.nan, "float32")
        bounds[name][forest] = values
    return bounds


def variable(name: str, values: ArrayLike, *, level: float) -> tuple:
    """A layer (y, x) with the attributes of the table; bounds carry their level."""
    layer = list_layers(region=True)[name]
    attrs = layer.map_attributes(level=level) | {"grid_mapping": "spatial_ref"}
    if layer.units == CF_FLUX_UNIT:
        attrs["cell_measures"] = "area: cell_area"
    if name.endswith(("_lower", "_upper")):
        attrs["level"] = level
    return ("y", "x"), values, attrs


def member_variable(flux: str, values: ArrayLike, *, level: float) -> tuple:
    """Member fluxes (member, y, x) with the attributes of their mean."""
    _, _, attrs = variable(flux, values, level=level)
    del attrs["ancillary_variables"]
    attrs["long_name"] += ", each ensemble member"
    return ("member", "y", "x"), values, attrs


def areas(grid: Grid, rows: slice = slice(None)) -> np.ndarray:
    """Cell area on the ellipsoid (y, x) of some rows of the grid, float64, m2."""
    area = cell_area(grid.latitudes()[rows], grid.resolution_deg)
    return np.broadcast_to(area[:, None], (len(area), grid.shape[1])).copy()


def coordinates(grid: Grid, members: int) -> dict[str, tuple]:
    """Coordinates of the grid and its reference system."""
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
    step, (west, _, _, north) = grid.resolution_deg, grid.bounds
    return {
        **CRS.from_epsg(4326).to_cf(),
        "GeoTransform": f"{west:.12g} {step} 0 {north:.12g} 0 {-step}",
    }


def title(year: int) -> dict[str, object]:
    """Global attributes of a map."""
    return {
        "Conventions": "CF-1.11",
        "title": f"Annual GPP, RECO and NEE of forests, {year}",
        "comment": SIGN,
        "year": year,
    }
