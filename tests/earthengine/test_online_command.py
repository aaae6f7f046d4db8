"""The command `online` and its files, as a user gets them, against an archive that is known."""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter

import ee
import numpy as np
import pandas as pd
import pytest

import forestflux
from forestflux.core.grids.grid import Grid
from forestflux.core.input_errors import InputError
from forestflux.core.layers import NOT_FOREST
from forestflux.core.product_tables.product_table import read_products
from forestflux.ensemble.model_record import read_model_record
from forestflux.jobs.settings.source_settings import EarthEngineSettings
from forestflux.jobs.stores.store import load_store
from forestflux.prepare.calendar_cube import build_cube
from forestflux.prepare.masked_series import forest_cells
from forestflux.prepare.masking import mask_cube
from forestflux.publish.online import online_command
from forestflux.publish.online.export_task import start_export
from forestflux.publish.online.images.year_image import name_layers
from forestflux.publish.online.online_export import OnlineModel
from forestflux.publish.online.region import read_region
from tests.builders.model_folders import write_small_model
from tests.builders.projects import ROOT, environment
from tests.earthengine.emulator.archives.catalogue import Catalogue
from tests.earthengine.emulator.archives.physical_planet import PhysicalPlanet
from tests.earthengine.emulator.archives.standin import (
    YEAR,
    access,
    column,
    tile_around,
)
from tests.earthengine.emulator.exports import called_functions
from tests.earthengine.emulator.faults import Fault

pytestmark = pytest.mark.usefixtures("no_waiting")

TABLE = ROOT / "config" / "products.yaml"
PLACE = tile_around(62, 24)
WIDENING = {
    "hidden": (1.0, 1.2, 1.4, 1.6, 1.8, 2.0),
    "shares": (0.0, 0.5),
    "thinned": (1.0, 1.5),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The folder of a small trained model."""
    return write_small_model(
        tmp_path_factory.mktemp("model"),
        calibration={
            "level": 0.9,
            "half_width": {"gpp": {"all": 400.0}, "nee": {"all": 300.0, "DBF": 90.0}},
            "widening": {"gpp": WIDENING, "nee": WIDENING},
        },
        metadata={"run": "micro", "source": "earthengine"},
    )


@pytest.fixture
def archive(serve, tmp_path):
    """A server of an archive that lacks an image, and how the command reaches it."""
    planet = Catalogue(
        PhysicalPlanet(read_products(TABLE)),
        missing={("MODIS/061/MOD11A2", f"{YEAR}-06-10")},
    )
    emulator = serve(planet)
    path = tmp_path / "key.json"
    emulator.tokens.service_account(path)
    keys = {"cache": str(tmp_path / "cache"), "credentials": str(path)}
    return emulator, EarthEngineSettings(**access(emulator.url, **keys))


def box_of(place):
    """The box of a tile, a little smaller, as the command takes it."""
    rows, columns = place.tile.latitudes(), place.tile.longitudes()
    ends = columns[0] - 0.02, rows[-1] - 0.02, columns[-1] + 0.02, rows[0] + 0.02
    return ",".join(f"{end:.3f}" for end in ends)


def run_command(model, archive, out, **options):
    chosen = {"region": box_of(PLACE), "products": TABLE} | options
    online_command.main(
        model, year=YEAR, out=out, runtime=archive[1], min_valid_share=0.3, **chosen
    )


def predict_locally(model, open_source, emulator):
    """The fluxes of the tile by way of extract, cube, mask and `predict`."""
    products = column(read_products(TABLE), "tile")
    _, source = open_source(emulator)
    cube = build_cube(source.fetch(products, PLACE, YEAR), products, year=YEAR)
    masked = mask_cube(cube, products, year=YEAR, min_valid_share=0.3)
    forest = forest_cells(masked, min_forest_fraction=0.05)
    masked["forest_type"] = masked["forest_type"].where(forest, 0).astype("uint8")
    return forestflux.load_model(model).predict(masked), masked


def test_fetched_fluxes_are_those_of_the_local_chain(
    model, archive, open_source, tmp_path
):
    run_command(model, archive, tmp_path / "online", fetch=tmp_path / "region.zarr")
    found = load_store(tmp_path / "region.zarr")
    wanted, masked = predict_locally(model, open_source, archive[0])
    np.testing.assert_allclose(found["y"], masked["y"])
    np.testing.assert_allclose(found["x"], masked["x"])
    for name in name_layers(with_applicability=True):
        expected = (wanted if name in wanted else masked)[name].values
        if name == "applicable":
            values = found[name].values
            np.testing.assert_array_equal(values, expected)
            assert (values != NOT_FOREST).any()
            continue
        np.testing.assert_allclose(found[name].values, expected, atol=1e-3, rtol=1e-6)
    assert np.isfinite(found["gpp"]).sum() > 50
    assert found.attrs["model"] == read_model_record(model / "model.json").seal
    assert found["nee"].attrs["units"] == "gC m-2 yr-1"
    # Started again, nothing is asked and nothing is written.
    asked = len(archive[0].of())
    run_command(model, archive, tmp_path / "online", fetch=tmp_path / "region.zarr")
    assert len(archive[0].of()) == asked


def test_what_is_too_heavy_is_halved_and_kept(model, archive, tmp_path):
    emulator = archive[0]
    emulator.faults = [Fault("memory", larger_than=16)]
    small = "24.01,61.81,24.38,61.99"
    run_command(model, archive, tmp_path, fetch=tmp_path / "region.zarr", region=small)
    sides = {
        (record.grid["dimensions"]["height"], record.grid["dimensions"]["width"])
        for record in emulator.of()
        if record.finished
    }
    assert max(height * width for height, width in sides) <= 16
    found = load_store(tmp_path / "region.zarr")
    assert dict(found.sizes) == {"y": 4, "x": 8}
    assert found["gpp"].notnull().any()
    # Another file asks for nothing that was answered.
    asked = len(emulator.of())
    run_command(model, archive, tmp_path, fetch=tmp_path / "again.zarr", region=small)
    assert len(emulator.of()) == asked


def test_points_have_the_fluxes_of_their_cells(model, archive, open_source, tmp_path):
    rows, columns = PLACE.tile.latitudes(), PLACE.tile.longitudes()
    # In a cell, on the edge of two cells, in the last cell of the tile.
    lat, lon = (
        (rows[3] + 0.02, rows[1], rows[7]),
        (columns[2], columns[5] - 0.025, columns[7]),
    )
    points = tmp_path / "points_asked.csv"
    pd.DataFrame({"site": ["A", "B", "C"], "lat": lat, "lon": lon}).to_csv(
        points, index=False
    )
    run_command(model, archive, tmp_path / "online", points=points)
    found = pd.read_csv(tmp_path / "online" / "points.csv")
    wanted, _ = predict_locally(model, open_source, archive[0])
    for site, (y, x) in enumerate([(3, 2), (1, 5), (7, 7)]):
        for name in ("gpp", "nee", "nee_upper", "gap_fraction"):
            expected = wanted[name].values[y, x]
            np.testing.assert_allclose(found[name][site], expected, atol=1e-3)
    assert list(found["year"]) == [YEAR] * 3
    assert all(
        record.grid["dimensions"]["width"] == 1 for record in archive[0].of()[:3]
    )


@pytest.fixture
def files(model, archive, tmp_path):
    """The folder with both files."""
    run_command(model, archive, tmp_path / "online", card="https://example.org/card")
    return tmp_path / "online"


def test_the_image_of_the_file_carries_its_facts(files, model):
    image = ee.Image(ee.deserializer.fromJSON((files / "online.json").read_text()))
    names = list(name_layers(with_applicability=True))
    assert image.bandNames().getInfo() == names
    facts = image.getInfo()["properties"]
    seal = read_model_record(model / "model.json").seal
    assert facts["model_checksum"] == seal
    assert facts["model_card"] == "https://example.org/card"
    assert facts["unit"] == "gC m-2 yr-1"
    assert "Negative is uptake" in facts["sign"]
    assert "10.1109/JSTARS.2019.2954556" in facts["references"]
    assert "not the change that a run gives" in facts["years"]
    assert image.serialize() == (files / "online.json").read_text()


def test_the_script_is_javascript_that_holds_the_same_expression(files, tmp_path):
    text = (files / "online.js").read_text()
    assert not re.search(r"\{\{|\}\} ", text.split("var EXPRESSION")[0])
    assert "Nothing is read but the" in text
    assert "No part of this has run on the live service" in text
    literal = text.partition("var EXPRESSION = ")[2].partition(";\n\nrun();")[0]
    assert json.loads(literal) == json.loads((files / "online.json").read_text())
    assert max(map(len, text.partition("var EXPRESSION")[0].splitlines())) < 102


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_script_runs_where_its_functions_are_known(files, tmp_path):
    """The functions of the Code Editor are stood in for; what they are given is looked at."""
    script = tmp_path / "run.js"
    script.write_text(STAGE + (files / "online.js").read_text() + REPORT)
    done = subprocess.run(
        ["node", script], capture_output=True, text=True, check=True, timeout=60
    )
    seen = json.loads(done.stdout)
    assert seen["decoded"] == json.loads((files / "online.json").read_text())["result"]
    assert seen["zoom"] == 8
    assert seen["shown"] is False
    assert seen["export"]["shardSize"] == 32
    assert seen["export"]["crsTransform"] == [0.05, 0, -180, 0, -0.05, 90]


STAGE = """
const seen = {};
const image = {
  select: () => image, toFloat: () => image, toDictionary: () => ({}),
};
const ee = {
  Geometry: {Rectangle: box => box},
  Deserializer: {decode: content => { seen.decoded = content.result; return image; }},
  Image: given => given,
};
const Map = {
  setCenter: (lon, lat, zoom) => { seen.zoom = zoom; },
  addLayer: (layer, style, name, shown) => { seen.shown = shown; },
};
const Export = {image: {toDrive: task => { seen.export = {...task, image: 0}; }}};
const print = () => {};
"""
REPORT = "\nprocess.stdout.write(JSON.stringify(seen));\n"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"region": "5,40,0,50"}, "expected a box of degrees that does not cross"),
        ({"region": "170,40,-170,50"}, "expected a box of degrees that does not cross"),
        ({"region": "a,b,c,d"}, "expected four numbers, found a,b,c,d"),
        ({"region": "nowhere.geojson"}, "or a file of polygons, found nowhere.geojson"),
        ({"alternates": ["et"]}, "expected variable=product, such as et=pml, found et"),
        (
            {"alternates": ["et=x"]},
            "alternates.et: expected one of mod16a2, pml, found x",
        ),
        (
            {"alternates": ["precip=chirps"]},
            "expected latitudes from -50 to 50, which it covers, found 61",
        ),
        ({"alternates": ["et=mod16a2"]}, "year: expected 2021 to the last whole year"),
    ],
    ids=str,
)
def test_what_cannot_be_is_one_line_and_asks_nothing(
    model, archive, tmp_path, options, line
):
    with pytest.raises(InputError, match=re.escape(line)) as refused:
        run_command(model, archive, tmp_path / "online", **options)
    assert "\n" not in str(refused.value)
    assert not archive[0].records
    assert not (tmp_path / "online").exists()


def test_a_folder_of_somebody_else_is_not_replaced(model, archive, tmp_path):
    path = tmp_path / "mine"
    path.mkdir()
    (path / "note.txt").write_text("kept")
    with pytest.raises(InputError, match="--fetch: expected nothing, or a whole store"):
        run_command(model, archive, tmp_path / "online", fetch=path)
    assert (path / "note.txt").read_text() == "kept"


def test_the_rule_and_the_command_write_the_same_files(model, archive, files, tmp_path):
    """Both as processes of their own, as a workflow and a user start them."""
    table = read_products(TABLE)
    runtime = archive[1].model_dump_json()
    chosen = {"year": YEAR, "min_valid_share": 0.3, "min_forest_fraction": 0.05}
    west, south, east, north = map(float, box_of(PLACE).split(","))
    online = {"region": (west, south, east, north), "card": "https://example.org/card"}
    made = [tmp_path / "rule" / name for name in ("online.json", "online.js")]
    rule = [
        *(
            str(ROOT / "workflow/scripts/publish/online.py"),
            "--model",
            str(model / "model.json"),
        ),
        *("--settings", json.dumps(chosen | {"online": online})),
        *("--products", table.only(["tile"], "cube", "mask").to_json()),
        *("--runtime", runtime, "--expression", made[0], "--script", made[1]),
    ]
    command = [
        *("-m", "forestflux", "online", str(model), "--year", str(YEAR)),
        *(f"--region={box_of(PLACE)}", "--out", tmp_path / "command"),
        *("--card", "https://example.org/card", "--products", TABLE),
        *("--runtime", runtime),
    ]
    asked = len(archive[0].records)
    for words in (rule, command):
        subprocess.run([sys.executable, *words], env=environment(), check=True)
    # What was asked for the files is in the cache; a job that asks nothing needs no server.
    assert len(archive[0].records) == asked
    for file in made:
        wanted = (files / file.name).read_text()
        assert file.read_text() == wanted
        assert (tmp_path / "command" / file.name).read_text() == wanted


def test_a_task_of_the_same_image_is_started(model, archive, tmp_path, capsys):
    emulator, runtime = archive
    run_command(model, archive, tmp_path, export="drive", export_to="maps")
    assert capsys.readouterr().out.splitlines()[-1] == "task TASK1"
    text = (tmp_path / "online.json").read_text()
    made = OnlineModel(text, {"year": YEAR}, (), Grid(0.05, 1), 0.9)
    region = read_region(box_of(PLACE))
    asset = "projects/forests/assets/fluxes"
    for kind, name in (("cloud", "bucket"), ("asset", asset)):
        start_export(made, region, destination=kind, name=name, runtime=runtime)
    drive, cloud, kept = emulator.exports
    drive, cloud = (body["fileExportOptions"] for body in (drive, cloud))
    assert drive["driveDestination"]["folder"] == "maps"
    assert cloud["cloudStorageDestination"]["bucket"] == "bucket"
    assert kept["assetExportOptions"]["earthEngineDestination"]["name"] == asset
    # The client cuts the image to the region; the rest is the expression of the file.
    calls = Counter(called_functions(json.loads(text)["values"]))
    for body in emulator.exports:
        assert not calls - Counter(called_functions(body["expression"]["values"]))
        assert body["description"] == f"forestflux_{YEAR}"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (
            {"export": "disk", "export_to": "x"},
            "--export: expected one of drive, asset",
        ),
        ({"export": "drive"}, "--export-to: expected a folder of Google Drive"),
        (
            {"export_to": "maps"},
            "--export: expected one of drive, asset, cloud, found no",
        ),
    ],
)
def test_a_destination_that_is_none_is_refused_before_anything_is_asked(
    model, archive, tmp_path, options, line
):
    with pytest.raises(InputError, match=line):
        run_command(model, archive, tmp_path, **options)
    assert not archive[0].of()
    assert not list(tmp_path.glob("online*"))
