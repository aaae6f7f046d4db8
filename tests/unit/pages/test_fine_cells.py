"""Cells beside the page hold the numbers of the maps, and the page stays within its size."""

import base64
import gzip
import json

import numpy as np
import pytest

from forestflux.core.grids.grid import Grid
from forestflux.jobs.settings.page_settings import ExplorerSettings
from forestflux.jobs.stores.store import load_store
from forestflux.pages.explorer import fine_cells
from forestflux.pages.explorer.display_grid import Display
from forestflux.pages.explorer.displayed_layers import (
    pack_annual_layers,
    pack_change_layers,
)
from forestflux.pages.explorer.page_data import fit_display
from tests.builders.map_stores import RESOLUTION_DEG

YEARS = (2003, 2018)
GRID = Grid(RESOLUTION_DEG, 30)


@pytest.fixture(scope="module")
def results(share_results):
    return share_results(maps=True)


def unpack(packed):
    """The numbers of a packed layer."""
    raw = np.frombuffer(gzip.decompress(base64.b64decode(packed["data"])), "uint8")
    whole = raw.reshape(4, -1).T.copy().view("<i4").ravel()
    return np.where(whole == np.iinfo("int32").min, np.nan, whole * packed["digit"])


def read_file(path):
    """Data of a file, and which cells of its square it has."""
    call, text = path.read_text().split(",", 1)
    assert call == f'receiveCells("{path.stem}"'
    data = json.loads(text.removesuffix(");\n"))
    known = gzip.decompress(base64.b64decode(data.pop("known")["data"]))
    return data, np.frombuffer(known, "uint8").astype(bool)


@pytest.fixture
def written(results, tmp_path, monkeypatch):
    """A folder of squares, the last ones cut in both directions, and what the page knows of it."""
    monkeypatch.setattr(fine_cells, "SIDE", 7)
    folder = tmp_path / "explorer_cells"
    folder.mkdir()
    years = {year: results / f"maps/{year}.zarr" for year in YEARS}
    change = results / "change/change.zarr"
    display = Display(GRID, 2)
    return folder, fine_cells.write_fine_cells(years, change, display, folder=folder)


def assemble(folder, kind, read):
    """A layer (row, column) of the whole map from the squares, NaN where no file has a cell."""
    layer = np.full(GRID.shape, np.nan)
    for path in folder.glob(f"*_{kind}.js"):
        row, column = (7 * int(part) for part in path.stem.split("_")[:2])
        data, known = read_file(path)
        window = layer[row : row + 7, column : column + 7]
        square = np.full(window.size, np.nan)
        square[known] = read(data)
        window[...] = square.reshape(window.shape)
    return layer


def test_squares_together_are_the_map_and_the_change(results, written):
    folder, about = written
    for year in YEARS:
        wanted = load_store(results / f"maps/{year}.zarr", ["gpp"])["gpp"].values
        found = assemble(folder, year, lambda data: unpack(data["annual"]["gpp"]))
        assert np.array_equal(np.isfinite(found), np.isfinite(wanted))
        assert np.nanmax(abs(found - wanted)) <= 0.0051
    change = load_store(results / "change/change.zarr", ["nee_slope"])["nee_slope"]
    found = assemble(folder, "change", lambda data: unpack(data["change"]["nee_slope"]))
    assert np.nanmax(abs(found - change.values)) <= 0.00051
    assert np.array_equal(np.isfinite(found), np.isfinite(change.values))
    names = {path.stem.rpartition("_")[0] for path in folder.iterdir()}
    assert set(about["squares"]) == names
    assert (about["shape"], about["years"]) == (GRID.shape, list(YEARS))


@pytest.mark.parametrize(("limit_mb", "whole"), [(1.0, True), (0.005, False)])
def test_blocks_grow_until_the_layers_of_all_years_fit(results, limit_mb, whole):
    stores = [results / f"maps/{year}.zarr" for year in YEARS]
    settings = ExplorerSettings(layers_mb=limit_mb)
    display = fit_display(stores[1], GRID, years=len(YEARS), settings=settings)
    assert (display.factor == 1) == whole
    cells, layers = pack_annual_layers(stores, display)
    layers |= pack_change_layers(results / "change/change.zarr", cells)
    assert len(json.dumps(layers)) <= 1e6 * limit_mb
