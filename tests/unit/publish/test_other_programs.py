"""Programs of other people give the numbers of the map: GDAL, CDO, NCO and R, where installed."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from forestflux.core.grids.grid import Grid
from forestflux.core.layers import LAYERS
from forestflux.publish.qgis_style import FLAG_COLOURS
from tests.builders.year_products import SETTINGS, make_map, publish

GRID = Grid(resolution_deg=2.0, tile_cells=45)
STEM = "forestflux_test_2003"
ROW = 46
DEBIAN = "gdal-bin, cdo, nco, r-base-core, r-cran-ncdf4, r-cran-terra"


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
        pytest.skip(f"{name} is not installed (Debian: {DEBIAN})")

    def call(*words: object) -> str:
        done = subprocess.run(
            [name, *map(str, words)], capture_output=True, text=True, check=True
        )
        assert "arning" not in done.stdout + done.stderr
        return done.stdout

    return call


def ask_r(package: str, script: str) -> list[str]:
    """Lines that R prints with a package."""
    loaded = f"if (!requireNamespace('{package}', quietly = TRUE)) quit(status = 0)"
    words = ("--vanilla", "-e", loaded, "-e", f"library({package})", "-e", script)
    said = program("Rscript")(*words, "-e", "cat('read', fill = TRUE)").splitlines()
    if not said or said.pop() != "read":
        pytest.skip(f"R has no {package} (Debian: {DEBIAN})")
    return said


def valid(layer: xr.DataArray) -> np.ndarray:
    """Numbers of a layer (cell,) from the north-western corner on, NaN where there is none."""
    known = LAYERS[str(layer.name)].missing
    return layer.astype(float).where(layer != known).values.ravel()


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


def test_ncdf4_reads_numbers_units_and_flags(
    product: Path, mapped: xr.Dataset, tmp_path: Path
) -> None:
    # `ncvar_get` gives NA where the fill value stands.
    said = ask_r(
        "ncdf4",
        f"""
        file <- nc_open('{product / STEM}.nc')
        for (name in c('{"', '".join(mapped.data_vars)}')) {{
            writeBin(as.numeric(ncvar_get(file, name)), file.path('{tmp_path}', name))
            units <- ncatt_get(file, name, 'units')
            if (units$hasatt) cat(name, units$value, fill = TRUE)
            names <- ncatt_get(file, name, 'flag_meanings')
            numbers <- ncatt_get(file, name, 'flag_values')
            if (names$hasatt) cat(name, numbers$value, names$value, fill = TRUE)
        }}""",
    )
    for name, layer in mapped.data_vars.items():
        found = np.fromfile(tmp_path / str(name))
        np.testing.assert_array_equal(found, valid(layer), err_msg=str(name))
        flags = LAYERS[str(name)].flags
        words = (*flags, *flags.values()) if flags else (LAYERS[str(name)].units,)
        assert " ".join(map(str, (name, *words))) in said


def test_terra_reads_numbers_and_units_of_netcdf(
    product: Path, mapped: xr.Dataset, tmp_path: Path
) -> None:
    said = ask_r(
        "terra",
        f"""
        nee <- rast('{product / STEM}.nc', subds = 'nee')
        writeBin(as.numeric(values(nee)), '{tmp_path}/nee')
        cat(units(nee), as.character(time(nee)), as.vector(ext(nee)), sep = '\n')
        flag <- rast('{product / STEM}.nc', subds = 'applicable')
        writeBin(as.numeric(values(flag)), '{tmp_path}/applicable')""",
    )
    unit, day, *edges = said
    assert (unit, day) == ("g m-2 yr-1", "2003-07-02")
    assert [float(edge) for edge in edges] == [-180, 180, -90, 90]
    for name in ("nee", "applicable"):
        found = np.fromfile(tmp_path / name)
        np.testing.assert_array_equal(found, valid(mapped[name]), err_msg=name)


def test_terra_reads_names_units_and_numbers_of_geotiff(
    product: Path, mapped: xr.Dataset, tmp_path: Path
) -> None:
    path = product / f"{STEM}_fluxes.tif"
    said = ask_r(
        "terra",
        f"""
        fluxes <- rast('{path}')
        writeLines(names(fluxes))
        writeBin(as.numeric(values(fluxes[['nee']])), '{tmp_path}/nee')
        cat(grep('Unit Type', describe('{path}'), value = TRUE), sep = '\n')""",
    )
    numbers = [name for name, layer in LAYERS.items() if not layer.flags]
    units = [f"  Unit Type: {LAYERS[name].units}" for name in numbers]
    assert said == numbers + units
    np.testing.assert_array_equal(np.fromfile(tmp_path / "nee"), valid(mapped["nee"]))


@pytest.mark.parametrize("kind", FLAG_COLOURS)
def test_terra_sees_colours_and_names_of_a_flag(
    product: Path, mapped: xr.Dataset, kind: str
) -> None:
    said = ask_r(
        "terra",
        f"""
        flag <- rast('{product / STEM}_{kind}.tif')
        known <- cats(flag)[[1]]
        table <- coltab(flag)[[1]]
        for (row in seq_len(nrow(known))) {{
            colour <- table[table$value == known[row, 1], c('red', 'green', 'blue')]
            cat(known[row, 1], known[row, 2], rgb(colour, maxColorValue = 255), fill = TRUE)
        }}
        writeLines(as.character(freq(flag)$value))
        writeLines(as.character(freq(flag)$count))""",
    )
    flags = LAYERS[kind].flags
    colours = FLAG_COLOURS[kind]
    seen = [f"{value} {name} {colours[value]}" for value, name in flags.items()]
    assert said[: len(flags)] == seen
    assert said[len(flags) : 2 * len(flags)] == list(flags.values())
    if kind != "quality":
        counts = [str(int((mapped[kind] == value).sum())) for value in flags]
        assert said[2 * len(flags) :] == counts
