"""Masked tiles of the simulated planet: the input of several benchmarks, made once and kept."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import xarray as xr
import zarr

from benchmarks.harness import ROOT
from forestflux.core.grids.grid import Grid, Tile
from forestflux.core.grids.land import is_land
from forestflux.core.grids.places import TilePlace
from forestflux.core.product_tables.product_table import read_products
from forestflux.jobs.configuration import read_configuration
from forestflux.jobs.settings.source_settings import SourceSettings
from forestflux.jobs.stages import Key, run_stage
from forestflux.jobs.stores.chunked import CHUNKS
from forestflux.prepare.calendar_cube import build_cube
from forestflux.prepare.masking import mask_cube
from forestflux.sources.extraction import extract
from forestflux.sources.simulated.simulated_source import open_source
from tests.builders.inputs import VARIABLES

RESOLUTION_DEG = 0.05
SEED = 2019
YEAR = 2003
MIN_FOREST_FRACTION = 0.05


def land_tiles(grid: Grid) -> list[Tile]:
    """Tiles with some land, by the cell centres of every fifth row and column."""
    found = []
    for tile in grid.tiles():
        mesh = np.meshgrid(tile.latitudes()[::5], tile.longitudes()[::5], indexing="ij")
        if is_land(*(part.ravel() for part in mesh)).any():
            found.append(tile)
    return found


def masked_tiles(names: Sequence[str], tile_cells: int) -> dict[str, Path]:
    """Stores mask/{tile}/2003.zarr by tile; those that are not there are made, which takes a while.

    Parameters
    ----------
    names : tiles; none for every tile with land
    tile_cells : rows and columns of a tile of the grid of 0.05 degree
    """
    grid = Grid(RESOLUTION_DEG, tile_cells)
    folder = masked_folder(tile_cells)
    names = list(names) or [tile.name for tile in land_tiles(grid)]
    for name in names:
        write_tile(folder, grid, name)
    return {name: folder / f"mask/{name}/{YEAR}.zarr" for name in names}


def masked_folder(tile_cells: int) -> Path:
    """Where the tiles of a size lie."""
    return ROOT / f"results/benchmark/tiles{tile_cells}"


def write_tile(folder: Path, grid: Grid, name: str) -> None:
    """Extract, cube and mask in memory; only the mask store is written, as the stage writes it."""
    configuration = read_configuration(
        {"run": "benchmark", "seed": SEED, "years": [2003, 2018]}
    )
    products = read_products(ROOT / "config/products.yaml").column("tile")
    source = open_source(SourceSettings(seed=SEED, planet=configuration.planet))

    def make(missing: list[Key]) -> Iterator[xr.Dataset]:
        for tile, year in missing:
            native = extract(source, products, TilePlace(grid.tile(tile)), year=year)
            cube = build_cube(native, products, year=year)
            yield mask_cube(cube, products, year=year, **configuration.mask.numbers())

    # A manifest for each tile, so that any number of them can be listed later.
    run_stage(
        folder / f"mask/{name}.{YEAR}.json",
        [(name, YEAR)],
        build_key=lambda tile, year: [
            "benchmark",
            configuration.mask.numbers(),
            SEED,
            tile,
            year,
        ],
        make=make,
        chunks=CHUNKS,
    )


def forest_cells(path: Path) -> int:
    """Cells of a mask store that inference estimates."""
    fraction, kind = (
        zarr.open_array(path / name, mode="r")[:]
        for name in ("forest_fraction", "forest_type")
    )
    return int(((fraction >= MIN_FOREST_FRACTION) & (kind > 0)).sum())


def land_cells(path: Path) -> int:
    """Cells of a mask store with some value of precipitation, which has them on land alone."""
    gaps = zarr.open_array(path / "gap_fraction", mode="r")
    return int((gaps[list(VARIABLES).index("precip")] < 1).sum())
