"""Programs of other people give the numbers of the map: GDAL, CDO and NCO, where installed."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from forestflux.core.grids.grid import Grid
from forestflux.core.layers import LAYERS
from forestflux.publish.geotiff import FLAG_COLOURS
from tests.builders.year_products import SETTINGS, make_map, publish

GRID = Grid(resolution_deg=2.0, tile_cells=45)
STEM = "forestflux_test_2003"
ROW = 46


@pytest.fixture(scope="module")
def mapped() -> xr.Dataset:
    return make_map(GRID)


@pytest.fixture(scope="module")
def product(mapped: xr.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year whose Zarr store is of version 2."""
    chosen = SETTINGS["publish"] | {"zarr_format": 2}
    folder = tmp_path_factory.mktemp("product")
    return publish(mapped, GRID, folder, publish=chosen)


def program(name: str) -> Callable[..., str]:
    """Call a program: gives what it says, and fails where it warns."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed (Debian: gdal-bin, cdo, nco)")

    def call(*words: object) -> str:
        done = subprocess.run(
            [name, *map(str, words)], capture_output=True, text=True, check=True
        )
        assert "arning" not in done.stdout + done.stderr
        return done.stdout

    return call


def forest_column(mapped: xr.Dataset) -> int:
    """The first column of row `ROW` with forest, outside the area of applicability."""
    return int(np.flatnonzero(mapped["applicable"].values[ROW] == 0)[0])


def weighted_mean(mapped: xr.Dataset, name: str) -> float:
    """Mean of a layer over the cells that have a value, weighted with their area."""
    return float(mapped[name].astype(float).weighted(mapped["cell_area"]).mean())


@pytest.mark.parametrize("kind", FLAG_COLOURS)
def test_gdal_sees_colours_names_and_values_of_a_flag(
    product: Path, mapped: xr.Dataset, kind: str
) -> None:
    path = product / f"{STEM}_{kind}.tif"
    said = program("gdalinfo")(path)
    assert "ColorInterp=Palette" in said
    for value, name in LAYERS[kind].flags.items():
        assert f"      {value}: {name}\n" in said
    if kind != "quality":
        column = forest_column(mapped)
        found = program("gdallocationinfo")("-valonly", path, column, ROW)
        assert int(found) == mapped[kind].values[ROW, column]


def test_gdal_sees_numbers_with_unit_and_name(
    product: Path, mapped: xr.Dataset
) -> None:
    path = product / f"{STEM}_fluxes.tif"
    said = program("gdalinfo")(path)
    assert "Description = cell_area" in said
    assert "Unit Type: g m-2 yr-1" in said
    assert "Red" not in said
    column = forest_column(mapped)
    found = program("gdallocationinfo")("-valonly", "-b", 5, path, column, ROW)
    assert float(found) == pytest.approx(float(mapped["nee"][ROW, column]), rel=1e-6)


def test_gdal_reads_zarr_of_version_2(product: Path, mapped: xr.Dataset) -> None:
    if "Zarr" not in program("gdalinfo")("--formats"):
        pytest.skip("this GDAL was built without Zarr")
    layer = f'ZARR:"{product / STEM}.zarr":/nee:0'
    column = forest_column(mapped)
    found = program("gdallocationinfo")("-valonly", layer, column, ROW)
    assert float(found) == pytest.approx(float(mapped["nee"][ROW, column]), rel=1e-6)


def test_cdo_takes_means_without_a_warning(
    product: Path, mapped: xr.Dataset, tmp_path: Path
) -> None:
    cdo, mean = program("cdo"), tmp_path / "mean.nc"
    # Packed flags stay whole numbers unless CDO is told otherwise.
    cdo(
        "-b", "F64", "-fldmean", "-selname,nee,applicable", product / f"{STEM}.nc", mean
    )
    forest = mapped.where(mapped["forest_type"] > 0)
    forest["cell_area"] = mapped["cell_area"]
    with xr.open_dataset(mean) as found:
        for name in ("nee", "applicable"):
            wanted = weighted_mean(forest, name)
            assert found[name].item() == pytest.approx(wanted, rel=1e-5)


def test_nco_takes_means_over_the_cells_that_have_a_value(
    product: Path, mapped: xr.Dataset, tmp_path: Path
) -> None:
    mean, source = tmp_path / "mean.nc", product / f"{STEM}.nc"
    average = ("-a", "latitude,longitude", "-w", "cell_area", "-v", "nee")
    program("ncwa")(*average, source, mean)
    with xr.open_dataset(mean) as found:
        wanted = weighted_mean(mapped, "nee")
        assert found["nee"].item() == pytest.approx(wanted, rel=1e-5)


def test_nco_joins_years(product: Path, mapped: xr.Dataset, tmp_path: Path) -> None:
    later = publish(make_map(GRID, year=2004, seed=2), GRID, tmp_path, year=2004)
    joined = tmp_path / "joined.nc"
    files = (product / f"{STEM}.nc", later / "forestflux_test_2004.nc")
    program("ncrcat")(*files, joined)
    with xr.open_dataset(joined) as found:
        assert found["time"].dt.year.values.tolist() == [2003, 2004]
        np.testing.assert_array_equal(found["gpp"][0], mapped["gpp"])
