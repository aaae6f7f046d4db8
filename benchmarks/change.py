"""Time and memory of the analysis of change on a globe at 0.05 degree.

Makes maps of noise about a trend, and departures, on all land between 60 S and 75 N (more cells
than have forest), and analyses them with the defaults of the configuration, tables and store
written.
Nothing is extrapolated.
"""

from pathlib import Path

import dask.array as da
import numpy as np
import xarray as xr
from dask import delayed

from benchmarks.harness import (
    Measured,
    Option,
    Usage,
    measure_command,
    pin_cores,
    scratch_folder,
    script_words,
)
from forestflux.change.change_schemas import CHANGE_TABLES
from forestflux.core.grids.grid import Grid, cell_area
from forestflux.core.grids.land import is_land
from forestflux.jobs.configuration import read_configuration
from forestflux.jobs.manifests import JobManifest, write_manifest
from forestflux.jobs.stores.store import write_store
from forestflux.jobs.stores.store_checks import read_store_manifest
from tests.builders.error_models import make_components, make_errors
from tests.builders.inputs import VARIABLES
from tests.builders.model_records import build_model_record
from tests.builders.tile_stores import make_members

LIMITS = {"seconds": 600, "megabytes": 4000}
CORES = 2
MEMBERS = 5
TILE_CELLS = 400
CELLS = ("y", "x")
OPTIONS = {
    "resolution_deg": Option(0.05, 3.0, "side of a cell, degree"),
    "years": Option((2001, 2020), (2003, 2018), "first and last year"),
}


def measure(*, resolution_deg: float, years: tuple[int, int]) -> Measured:
    """Make the maps and analyse them."""
    cores = pin_cores(CORES)
    grid = Grid(resolution_deg, TILE_CELLS)
    land = land_of(grid)
    every = list(range(years[0], years[1] + 1))
    with scratch_folder() as folder:
        for year in every:
            write_map(folder / f"maps/{year}.zarr", grid, land, year)
        write_departures(folder / "departures", grid, every)
        usage = analyse_maps(folder, grid, every)
    facts = {
        "grid": list(grid.shape),
        "mapped_cells": int(land.sum()),
        "years": len(every),
        "members": MEMBERS,
        "cores": cores,
    }
    return Measured(rows=[usage.within(**LIMITS)], facts=facts, limits=LIMITS)


def land_of(grid: Grid) -> np.ndarray:
    """Land between 60 S and 75 N (y, x), bool."""
    longitudes = grid.longitudes()
    rows = [
        is_land(np.full(longitudes.size, latitude), longitudes) & (-60 < latitude < 75)
        for latitude in grid.latitudes()
    ]
    return np.stack(rows)


def flux(land: np.ndarray, kind: int, year: int, member: int) -> da.Array:
    """A flux (y, x) that rises with the years, made block by block when it is written."""

    def block(mask: np.ndarray, start: int) -> np.ndarray:
        rng = np.random.default_rng([kind, year, member, start])
        values = np.full(mask.shape, np.nan, "float32")
        noise = rng.standard_normal(int(mask.sum()), dtype="float32")
        values[mask] = 1500 - 300 * kind + 20 * member + 3 * year + 100 * noise
        return values

    parts = []
    for start in range(0, len(land), TILE_CELLS):
        mask = land[start : start + TILE_CELLS]
        made = delayed(block, pure=False)(mask, start)
        parts.append(da.from_delayed(made, mask.shape, "float32"))
    return da.concatenate(parts)


def write_map(path: Path, grid: Grid, land: np.ndarray, year: int) -> None:
    """The layers of a map that the change reads."""
    gpp, reco = (
        da.stack([flux(land, kind, year, member) for member in range(MEMBERS)])
        for kind in (0, 1)
    )
    area = cell_area(grid.latitudes(), grid.resolution_deg)[:, None]
    fraction = np.where(land, 0.5 + 0.2 * (year % 2), 0).astype("float32")
    kind = np.where(land, 1 + np.arange(land.shape[1]) // 60 % 5, 0).astype("uint8")
    dataset = xr.Dataset(
        {
            "gpp": (CELLS, flux(land, 0, year, 0)),
            "gpp_member": (("member", *CELLS), gpp),
            "reco_member": (("member", *CELLS), reco),
            "forest_type": (CELLS, kind),
            "forest_fraction": (CELLS, fraction),
            "cell_area": (CELLS, np.broadcast_to(area, grid.shape)),
        },
        coords={"y": grid.latitudes(), "x": grid.longitudes()},
        attrs={"year": year, "model": "benchmark", "Conventions": "CF-1.11"},
    )
    write_store(dataset, path, chunks={"member": 1, "y": TILE_CELLS})


def write_departures(folder: Path, grid: Grid, years: list[int]) -> None:
    """The departures of every tile, alike everywhere in a year."""
    stores = {}
    for tile in grid.tiles():
        shape = (len(VARIABLES), *tile.shape)
        values = np.stack(
            [np.full(shape, np.sin(year), dtype="float32") for year in years]
        )
        dataset = xr.Dataset(
            {
                "departure": (("year", "variable", *CELLS), values),
                "temperature": (CELLS, np.full(tile.shape, 12, "float32")),
            },
            coords={
                "year": years,
                "variable": list(VARIABLES),
                "y": tile.latitudes(),
                "x": tile.longitudes(),
            },
        )
        written = write_store(dataset, folder / f"{tile.name}.zarr")
        stores[tile.name] = written.checksum
    write_manifest(folder / "all.json", JobManifest(stores=stores))


def write_errors(path: Path) -> None:
    """What the analysis reads of a trained model."""
    components = make_components(level_sd=150.0, type_sd=40.0, year_sd=60.0)
    rng = np.random.default_rng(1)
    response = make_members(rng.normal(size=(MEMBERS, 2, len(VARIABLES))))
    record = build_model_record(errors=make_errors(components), response=response)
    write_manifest(path, record)


def analyse_maps(folder: Path, grid: Grid, years: list[int]) -> Usage:
    """Run the script of the rule in its own process, with the defaults."""
    configuration = read_configuration(
        {"run": "benchmark", "seed": 1, "years": [years[0], years[-1]]}
    )
    write_errors(folder / "model.json")
    manifest = folder / "maps" / "all.json"
    maps = {year: folder / "maps" / f"{year}.zarr" for year in years}
    stores = {str(y): read_store_manifest(path).checksum for y, path in maps.items()}
    write_manifest(manifest, JobManifest(stores=stores))
    tables = [Path(one.path).name for one in CHANGE_TABLES if "change/" in one.path]
    words = script_words(
        "change",
        years=years,
        maps=manifest,
        model=folder / "model.json",
        departures=folder / "departures" / "all.json",
        regions=[],
        settings={
            "change": configuration.change.numbers(),
            "grid": {
                "resolution_deg": grid.resolution_deg,
                "tile_cells": grid.tile_cells,
            },
            "level": configuration.evaluate.level,
            "co2": configuration.model.co2,
        },
        code="benchmark",
        tables=[folder / "change" / name for name in tables],
        manifest=folder / "change" / "change.json",
    )
    return measure_command(words, log=folder / "change.log")
