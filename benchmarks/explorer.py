"""Size of the explorer of a region of some million cells: the page, and the cells beside it.

Makes maps of a region at 0.005 degree: smooth fields with noise of single cells, clouds of holes
in the forest, and a change of the same kind. What the page holds beside its layers (charts,
towers, series of cells) does not grow with the map.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.ndimage import gaussian_filter

from benchmarks.harness import Measured, Option, measure_call, scratch_folder
from forestflux.core.grids.grid import Grid, cell_area
from forestflux.jobs.settings.page_settings import ExplorerSettings
from forestflux.jobs.stores.store import write_store
from forestflux.pages.explorer.display_grid import choose_display
from forestflux.pages.explorer.displayed_layers import (
    pack_annual_layers,
    pack_change_layers,
)
from forestflux.pages.explorer.fine_cells import write_fine_cells
from forestflux.pages.explorer.page_data import fit_display

TILE_CELLS = 250
CELLS = ("y", "x")
# Rows and columns of tiles, from the north-west corner of the region.
CORNER = (28, 152)
OPTIONS = {
    "tiles": Option(8, 1, "tiles of 250 cells along a side of the region"),
    "years": Option(8, 2, "mapped years"),
}


def measure(*, tiles: int, years: int) -> Measured:
    """Build the layers of the page, and the files beside it."""
    row, column = CORNER
    names = [
        f"r{row + down:02d}c{column + across:02d}"
        for down in range(tiles)
        for across in range(tiles)
    ]
    grid = Grid(0.005, TILE_CELLS, tuple(names))
    with scratch_folder() as folder:
        write_region(folder, grid, years)
        usage = measure_call(build_layers, folder, grid, years)
        facts = json.loads((folder / "facts.json").read_text())
    return Measured(
        facts={"cells": int(np.prod(grid.shape)), **facts, **usage.numbers()}
    )


def draw_field(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """A smooth field with noise of single cells, mean 0 and spread about 1 (y, x)."""
    smooth = gaussian_filter(rng.normal(size=shape), 25)
    return 0.9 * smooth / smooth.std() + 0.3 * rng.normal(size=shape)


def write_region(folder: Path, grid: Grid, years: int) -> None:
    """Maps of the years and the change between the first and the last."""
    rng = np.random.default_rng(1)
    forest = draw_field(rng, grid.shape) > -0.7
    area = np.broadcast_to(
        cell_area(grid.latitudes(), grid.resolution_deg)[:, None], grid.shape
    )
    place = {"y": grid.latitudes(), "x": grid.longitudes()}
    level = 1500 + 400 * draw_field(rng, grid.shape)
    far = 0.4 + 0.1 * draw_field(rng, grid.shape)
    share = np.where(
        forest, np.clip(0.7 + 0.2 * draw_field(rng, grid.shape), 0.1, 1), 0
    )
    common = {
        "forest_fraction": (CELLS, share.astype("float32")),
        "cell_area": (CELLS, area),
    }

    def on_forest(values: np.ndarray | float) -> tuple:
        return (CELLS, np.where(forest, values, np.nan).astype("float32"))

    for year in range(2003, 2003 + years):
        gpp = level + 60 * draw_field(rng, grid.shape)
        nee = -0.15 * gpp + 40 * draw_field(rng, grid.shape)
        layers = {"gpp": gpp, "reco": gpp + nee, "nee": nee, "dissimilarity": far}
        layers |= {"gpp_lower": gpp - 450, "gpp_upper": gpp + 450}
        layers |= {"nee_lower": nee - 300, "nee_upper": nee + 300}
        layers["gap_fraction"] = np.clip(0.3 + 0.1 * draw_field(rng, grid.shape), 0, 1)
        inside = np.where(forest, far < 0.5, 255).astype("uint8")
        mapped = {name: on_forest(values) for name, values in layers.items()}
        mapped |= common | {"applicable": (CELLS, inside)}
        mapped["forest_type"] = (CELLS, np.where(forest, 4, 0).astype("uint8"))
        store = folder / f"maps/{year}.zarr"
        write_store(xr.Dataset(mapped, place, {"year": year}), store)
    change = make_change(rng, grid, on_forest) | common
    write_store(xr.Dataset(change, place), folder / "change.zarr")


def make_change(
    rng: np.random.Generator, grid: Grid, on_forest: Callable[[np.ndarray], tuple]
) -> dict[str, tuple]:
    """Layers of the change of GPP and NEE that the page shows."""
    meanings = {"flag_masks": np.array([1, 2], "uint8")}
    meanings["flag_meanings"] = "significant significant_adjusted"
    layers = {}
    for flux in ("gpp", "nee"):
        for kind, beside in (
            ("difference", "difference_sd"),
            ("window_difference", "window_difference_sd"),
            ("slope", "p"),
        ):
            found = draw_field(rng, grid.shape)
            layers[f"{flux}_{kind}"] = on_forest(60 * found)
            layers[f"{flux}_{beside}"] = on_forest(np.exp(-(found**2)))
            flags = np.where(np.abs(found) > 1.6, 1, 0).astype("uint8")
            layers[f"{flux}_{kind}_significance"] = (CELLS, flags, meanings)
    return layers


def build_layers(folder: Path, grid: Grid, years: int) -> None:
    """What a run does for the layers of its page and the files beside it; sizes go to a file."""
    settings = ExplorerSettings()
    stores = {year: folder / f"maps/{year}.zarr" for year in range(2003, 2003 + years)}
    last, change = max(stores), folder / "change.zarr"
    display = fit_display(stores[last], grid, years=years, settings=settings)
    cells, annual = pack_annual_layers(list(stores.values()), display)
    layers = annual | pack_change_layers(change, cells)
    pair = {year: stores[year] for year in (min(stores), last)}
    beside = folder / "explorer_cells"
    beside.mkdir()
    if display.factor > 1:
        write_fine_cells(pair, change, display, folder=beside)
    sizes = [file.stat().st_size for file in beside.glob("*.js")]
    unlimited = choose_display(grid, columns=settings.columns)
    facts = {
        "block": display.factor,
        "block_without_limit": unlimited.factor,
        "layers_mb": round(len(json.dumps(layers)) / 1e6, 1),
        "files": len(sizes),
        "beside_mb": round(sum(sizes) / 1e6, 1),
        "largest_file_mb": round(max(sizes, default=0) / 1e6, 2),
    }
    (folder / "facts.json").write_text(json.dumps(facts))
