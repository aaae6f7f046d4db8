"""Masked tiles of the simulated planet at 0.05 degree: the input of the benchmarks.

    python benchmarks/masked.py --folder results/globe --year 2003
    python benchmarks/masked.py --folder results/ten --tiles r05c06 r05c07

Extract, cube and mask run one after another in memory; only the mask store is written, as the
stage writes it. Land tiles only, a tile without land has nothing to infer. A killed run keeps
the finished tiles.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr
from tqdm import tqdm

from forestflux.core.grid import Grid, Tile
from forestflux.core.land import is_land
from forestflux.core.places import TilePlace
from forestflux.core.product_table import read_products
from forestflux.jobs.chunked import CHUNKS
from forestflux.jobs.configuration import read_configuration
from forestflux.jobs.stages import Key, run_stage
from forestflux.prepare.calendar_cube import build_cube
from forestflux.prepare.masking import mask_cube
from forestflux.sources.extraction import extract
from forestflux.sources.simulated.simulated_source import open_source

ROOT = Path(__file__).parents[1]

GRID = Grid(0.05, 400)
SEED = 2019


def land_tiles(grid: Grid) -> list[Tile]:
    """Tiles with some land, by the cell centres of every fifth row and column."""
    found = []
    for tile in grid.tiles():
        mesh = np.meshgrid(tile.latitudes()[::5], tile.longitudes()[::5], indexing="ij")
        if is_land(*(part.ravel() for part in mesh)).any():
            found.append(tile)
    return found


def write_tiles(folder: Path, names: list[str], year: int) -> Path:
    """Write mask/{tile}/{year}.zarr of each tile; the manifest that lists them.

    Returns
    -------
    `mask/{first}-{last}.{year}.json`, as a job of the stage writes it
    """
    asked = {"run": "benchmark", "seed": SEED, "years": [2003, 2018]}
    configuration = read_configuration(asked)
    products = read_products(ROOT / "config/products.yaml").column("tile")
    source = open_source({"seed": SEED, "planet": configuration.planet.numbers()})

    def make(missing: list[Key]) -> Iterator[xr.Dataset]:
        for name, year in missing:
            place = TilePlace(GRID.tile(name))
            native = extract(source, products, place, year=year)
            cube = build_cube(native, products, year=year)
            yield mask_cube(cube, products, year=year, **configuration.mask.numbers())

    manifest = folder / f"mask/{names[0]}-{names[-1]}.{year}.json"
    run_stage(
        manifest,
        [(name, year) for name in names],
        build_key=lambda name, year: [
            "benchmark",
            configuration.mask.numbers(),
            SEED,
            name,
            year,
        ],
        make=make,
        chunks=CHUNKS,
    )
    return manifest


def main() -> None:
    """Make the tiles that are asked for, one manifest each: any number can be listed later."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--year", type=int, default=2003)
    parser.add_argument(
        "--tiles", nargs="*", help="names; every land tile if not given"
    )
    arguments = parser.parse_args()
    names = arguments.tiles or [tile.name for tile in land_tiles(GRID)]
    for name in tqdm(names, desc="tiles", disable=None):
        write_tiles(arguments.folder, [name], arguments.year)


if __name__ == "__main__":
    main()
