"""What a user of QGIS sees who drags a file of a product into it, where QGIS is installed."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from forestflux.core.grids.grid import Grid
from forestflux.core.layers import LAYERS
from forestflux.publish.geotiff import BANDS
from forestflux.publish.provenance import verify_checksums
from forestflux.publish.qgis_style import FLAG_COLOURS, RAMPS
from tests.builders.year_products import make_map, publish

GRID = Grid(resolution_deg=2.0, tile_cells=45)
STEM = "forestflux_test_2003"
ROW, COLUMN = 46, 59  # 3 S, 61 W
# The Python for which Debian builds QGIS.
PYTHON = Path("/usr/bin/python3")
# Nothing of a layer may be left when the application ends, or it crashes.
LOOK = """
import json, sys
from qgis.core import QgsApplication, QgsPointXY, QgsRasterBandStats, QgsRasterLayer

def legend(drawn):
    if drawn.type() == "paletted":
        entries = drawn.classes()
    elif drawn.type() == "singlebandpseudocolor":
        entries = drawn.shader().rasterShaderFunction().colorRampItemList()
    else:
        entries = []
    return [[entry.label, entry.color.name()] for entry in entries]

def look(path):
    layer = QgsRasterLayer(path, "map")
    assert layer.isValid(), path
    drawn, data = layer.renderer(), layer.dataProvider()
    value, there = data.sample(QgsPointXY(-61, -3), drawn.usesBands()[0])
    return {
        "drawn": drawn.type(),
        "bands_drawn": drawn.usesBands(),
        "bands": [layer.bandName(band + 1) for band in range(layer.bandCount())],
        "legend": legend(drawn),
        "place": layer.crs().authid(),
        "value": value if there else None,
        "mean": data.bandStatistics(1, QgsRasterBandStats.Mean).mean,
    }

application = QgsApplication([], False)
application.initQgis()
for path in sys.argv[1:]:
    print(json.dumps(look(path)))
application.exitQgis()
"""


@pytest.fixture(scope="module")
def mapped() -> xr.Dataset:
    return make_map(GRID, seed=3)


@pytest.fixture(scope="module")
def product(mapped: xr.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(mapped, GRID, tmp_path_factory.mktemp("product"))


@pytest.fixture(scope="module")
def seen(
    product: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, object]]:
    """What QGIS makes of each GeoTIFF, and of NEE in the NetCDF file."""
    home = tmp_path_factory.mktemp("home")
    own = {"QT_QPA_PLATFORM": "offscreen", "HOME": home, "XDG_RUNTIME_DIR": home}
    # Python's own folders are those of the tests, and QGIS has another Python.
    given = {name: text for name, text in os.environ.items() if "PYTHON" not in name}
    python = [PYTHON, "-c"]
    there = (
        PYTHON.exists()
        and not subprocess.run(
            [*python, "import qgis.core"], env=given, capture_output=True, check=False
        ).returncode
    )
    if not there:
        pytest.skip("QGIS is not installed (Debian: python3-qgis, qgis-providers)")
    paths = {kind: str(product / f"{STEM}_{kind}.tif") for kind in BANDS}
    paths["netcdf"] = f'NETCDF:"{product / STEM}.nc":nee'
    done = subprocess.run(
        [*python, LOOK, *paths.values()],
        env=given | own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    return dict(zip(paths, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("kind", FLAG_COLOURS)
def test_a_flag_opens_in_its_colours_with_its_names(
    seen: dict, mapped: xr.Dataset, kind: str
) -> None:
    found = seen[kind]
    colours = FLAG_COLOURS[kind]
    named = [
        [name, colours[value].lower()] for value, name in LAYERS[kind].flags.items()
    ]
    assert (found["drawn"], found["legend"]) == ("paletted", named)
    if kind != "quality":
        value = int(mapped[kind].values[ROW, COLUMN])
        assert found["value"] == (None if value == LAYERS[kind].missing else value)


def test_fluxes_open_as_one_named_flux_with_its_unit(
    seen: dict, mapped: xr.Dataset
) -> None:
    found = seen["fluxes"]
    assert (found["drawn"], found["bands_drawn"]) == ("singlebandpseudocolor", [1])
    assert found["bands"] == [
        f"Band {band:02d}: {name}" for band, name in enumerate(BANDS["fluxes"], start=1)
    ]
    labels, colours = zip(*found["legend"], strict=True)
    assert labels[0] == "0 g m-2 yr-1"
    assert colours == RAMPS["gpp"].colours
    assert found["place"] == "EPSG:4326"
    assert found["value"] == pytest.approx(float(mapped["gpp"][ROW, COLUMN]), rel=1e-6)
    assert found["mean"] == pytest.approx(float(mapped["gpp"].mean()), rel=1e-5)


def test_a_layer_of_netcdf_lies_in_its_place_without_its_fill(
    seen: dict, mapped: xr.Dataset
) -> None:
    found = seen["netcdf"]
    assert found["place"] == "EPSG:4326"
    assert found["value"] == pytest.approx(float(mapped["nee"][ROW, COLUMN]), rel=1e-6)
    mean = float(np.nanmean(mapped["nee"].values.astype(float)))
    assert found["mean"] == pytest.approx(mean, rel=1e-4)


def test_what_qgis_leaves_behind_is_no_damage(seen: dict, product: Path) -> None:
    assert (product / f"{STEM}_fluxes.tif.aux.xml").exists()
    verify_checksums(product)
