"""A park of some cells of 0.005 degree from the emulated service, from extraction to the map."""

import json
import shutil

import numpy as np
import pytest
import shapely

from forestflux.jobs.stores.store import load_store
from tests.builders.model_folders import write_small_model
from tests.builders.projects import copy_project, snakemake
from tests.builders.tower_folders import tower_folder
from tests.earthengine.catalogue import Catalogue
from tests.earthengine.physical_planet import PhysicalPlanet
from tests.earthengine.server import Emulator

pytestmark = pytest.mark.slow  # a run as processes of its own

YEAR = 2003
# Twenty cells by twenty, of which the park is a triangle.
WEST, SOUTH, SIDE = 22.0, 61.9, 0.1
CORNERS = [(WEST, SOUTH), (WEST + SIDE, SOUTH), (WEST, SOUTH + SIDE)]
OVERLAY = f"""
run: park
source: earthengine
year: {YEAR}
region: park.geojson
grid: {{resolution_deg: 0.005, tile_cells: 20}}
towers: {{folder: labels, years: [{YEAR}, {YEAR}]}}
train: {{members: 2}}
"""
# What makes maps from a model that is there. The planet of formulas has no day without cloud at the
# surface, and a layer without any value is not published.
RULES = ("region", "extract", "cube", "mask", "departures", "infer", "level", "map")
CALIBRATION = {
    "level": 0.9,
    "half_width": {"gpp": {"all": 400.0}, "nee": {"all": 300.0}},
}


@pytest.fixture(scope="module")
def results(products, tmp_path_factory):
    """Results of the run with a small model, and the server that it asked."""
    project = copy_project(tmp_path_factory.mktemp("park") / "project")
    (project / "park.yaml").write_text(OVERLAY)
    park = {"type": "Feature", "properties": {}}
    park["geometry"] = shapely.geometry.mapping(shapely.Polygon(CORNERS))
    content = {"type": "FeatureCollection", "features": [park]}
    (project / "park.geojson").write_text(json.dumps(content))
    tower_folder(project / "labels", forest=2, other=1, years=(YEAR,))
    results = project / "results/park"
    write_small_model(
        results / "model", calibration=CALIBRATION, metadata={"run": "park"}
    )
    with Emulator(Catalogue(PhysicalPlanet(products))) as emulator:
        key = emulator.tokens.service_account(project / "key.json")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("EE_PROJECT", "forests")
            patch.setenv("EE_CREDENTIALS", str(key))
            (project / "park.yaml").write_text(
                f"{OVERLAY}earthengine: {{url: '{emulator.url}'}}\n"
            )
            words = ["--cores", "2", "--allowed-rules", *RULES, "--"]
            run = snakemake(
                project,
                *words,
                f"results/park/maps/{YEAR}.json",
                configfile="park.yaml",
            )
        assert run.returncode == 0, run.stdout + run.stderr
        assert not emulator.defects
        yield results, emulator
    shutil.rmtree(project)


def test_the_map_has_every_forest_cell_of_the_park_and_none_beside_it(results):
    folder, _ = results
    product = load_store(folder / f"maps/{YEAR}.zarr")
    share = product["region_share"].values
    area = share.sum() * 0.005**2
    assert area == pytest.approx(SIDE**2 / 2, rel=1e-3)
    gpp = product["gpp"].values
    (store,) = (folder / "mask").glob(f"*/{YEAR}.zarr")
    masked = load_store(store)
    forest = (masked["forest_fraction"].values >= 0.05) & (masked["forest_type"] > 0)
    assert forest.any()
    np.testing.assert_array_equal(np.isfinite(gpp), forest)
    assert (share[np.isfinite(gpp)] > 0).all()
    assert (np.isfinite(gpp) & (share < 1)).any()
    for end, sign in (("lower", -1), ("upper", 1)):
        assert (sign * (product[f"gpp_{end}"].values - gpp)[forest] > 0).all()


def test_pixels_of_500_m_were_asked_for_once(results):
    _, emulator = results
    assert set(emulator.finished().values()) == {1}
    grids = [record.grid for record in emulator.of() if record.grid]
    assert 463 in {round(grid["affineTransform"]["scaleX"]) for grid in grids}
