"""Maps of a region across 180 degrees beside products in every kind of longitudes."""

import numpy as np
import pytest
import xarray as xr

from forestflux.core.input_errors import InputError
from forestflux.evaluation.compare.comparison_store import compare_product
from forestflux.evaluation.compare.comparison_tables import tabulate_comparison
from forestflux.jobs.settings.compare_settings import ComparedSettings
from forestflux.jobs.stores.store import open_store, write_store

YEAR = 2003
LATITUDES = np.arange(-12.25, -20, -0.5)  # Fiji
# Longitudes of the product's cells as files have them, of one degree or of half a degree.
CELLS = {
    "from -180 to 180": np.arange(-179.5, 180),
    "from 0 to 360": np.arange(0.5, 360),
    "from 0 to 360, falling": np.arange(0.5, 360)[::-1],
    "half degrees from 0 to 360": np.arange(0.25, 360, 0.5),
    "cells across both seams": np.arange(-180.0, 180),
    "cells across Greenwich": np.arange(0.0, 360),
    "a region past 180": np.arange(160.5, 215),
    "a region that jumps to -180": (np.arange(160.5, 215) + 180) % 360 - 180,
}


def flux_at(longitudes: np.ndarray, *, centre: float) -> np.ndarray:
    """A flux that is the same in cells of a degree, and other in every one."""
    cell = np.floor((longitudes - centre + 0.5) % 360 + 1e-9)
    return 1000.0 + 3.0 * cell


def write_map(folder, longitudes, *, centre):
    """A map whose columns go on eastward past 180, as a region's map does."""
    gpp = np.tile(flux_at(longitudes, centre=centre), (len(LATITUDES), 1))
    dims, path = ("y", "x"), folder / f"maps/{YEAR}.zarr"
    layers = {name: (dims, gpp.astype("float32")) for name in ("gpp", "reco", "nee")}
    share = np.where(np.arange(len(longitudes)) % 3 == 0, 0.5, 1.0)
    shares = np.tile(share, (len(LATITUDES), 1)).astype("float32")
    layers["forest_fraction"] = (dims, np.full_like(shares, 0.5))
    layers["region_share"] = (dims, shares)
    coordinates = {"y": LATITUDES, "x": longitudes}
    write_store(xr.Dataset(layers, coordinates, {"year": YEAR}), path, chunks={"y": 4})
    return {YEAR: path}


def write_product(path, longitudes, *, centre):
    """A file whose values say in which degree of longitude they belong."""
    latitudes = np.arange(-89.5, 90)
    gpp = np.tile(flux_at(longitudes, centre=centre), (1, len(latitudes), 1))
    xr.Dataset(
        {"GPP": (("time", "lat", "lon"), gpp, {"units": "gC m-2 yr-1"})},
        {
            "time": np.array([f"{YEAR}-01-01"], "datetime64[ns]"),
            "lat": ("lat", latitudes, {"units": "degrees_north"}),
            "lon": ("lon", longitudes, {"units": "degrees_east"}),
        },
    ).to_netcdf(path)
    return str(path)


def compare(name, files, maps):
    """The store of the comparison as the stage makes it."""
    return compare_product(
        name,
        ComparedSettings(files=(files,)),
        maps,
        windows=((2001, 2002), (2003, 2004)),
        zone_width_deg=1.0,
    )


@pytest.mark.parametrize("cells", CELLS)
@pytest.mark.parametrize("west", [170.0, -180.0], ids=["past 180", "globe"])
def test_every_column_finds_its_own_longitude(cells, west, tmp_path):
    longitudes = CELLS[cells]
    centre = float(longitudes[0])
    columns = west + 0.25 + 0.5 * np.arange(60 if west > 0 else 720)
    maps = write_map(tmp_path, columns, centre=centre % 1)
    files = write_product(tmp_path / "product.nc", longitudes, centre=centre % 1)
    write_store(compare("mine", files, maps), tmp_path / "mine.zarr")
    store = open_store(tmp_path / "mine.zarr").load()
    whole = tabulate_comparison([store])["comparison"].set_index("kind").loc["all"]
    assert np.nanmax(np.abs(store["difference"])) < 0.01
    assert whole["bias"] == pytest.approx(0, abs=0.01)
    if west > 0:
        assert np.isfinite(store["product"]).all()
        assert whole["share"] == pytest.approx(1)


def test_a_region_on_the_other_side_is_refused(tmp_path):
    maps = write_map(tmp_path, 170.25 + 0.5 * np.arange(60), centre=0.5)
    files = write_product(tmp_path / "west.nc", np.arange(-150.5, -60), centre=0.5)
    with pytest.raises(InputError, match=r"170\.2 to 199\.8 east, found .* -151 to"):
        compare("mine", files, maps)
