"""A park of some cells of 0.005 degree from the emulated service, to the final check."""

import json
import re
import shutil

import numpy as np
import pytest
import shapely

from forestflux.jobs.stores.store import load_store
from tests.builders.projects import copy_project, finish
from tests.builders.tower_folders import tower_folder
from tests.earthengine.emulator.archives.catalogue import Catalogue
from tests.earthengine.emulator.archives.physical_planet import PhysicalPlanet
from tests.earthengine.emulator.server import Emulator

pytestmark = pytest.mark.slow  # a run as processes of its own

YEARS = (2003, 2004)
# Twenty cells by twenty, of which the park is a triangle.
WEST, SOUTH, SIDE = 22.0, 61.9, 0.1
CORNERS = [(WEST, SOUTH), (WEST + SIDE, SOUTH), (WEST, SOUTH + SIDE)]
TOWERS = ("F0", "F1", "F2", "F3", "F4", "F5", "X0")  # no summer of formulas is theirs
# What is said beside config/region.yaml; only the first two lines are about the park.
OVERLAY = f"""
run: park
grid: {{resolution_deg: 0.005, tile_cells: 20}}
years: {[*YEARS]}
change: {{pair: {[*YEARS]}}}
towers: {{folder: labels, years: {[*YEARS]}, confirmed: {[*TOWERS]}}}
samples: {{unlabelled: 20}}
folds: {{count: 2}}
train:
  members: 2
  epochs: {{masked_pretraining: 1, all_biomes: 1, distillation: 1, forest: 1, class_weights: 1}}
  distillation: {{mixtures: 20}}
baseline: {{candidates: 1, models: [svr]}}
evaluate: {{level: 0.7, gaps: {{patterns: [random], fractions: [0.5]}}}} # for so few towers
figures: {{dpi: 50, formats: [png]}}
jobs: {{tiles: 1, years: 2, tower_years: 2, folds: 2, members: 2}}
"""


@pytest.fixture(scope="module")
def results(products, tmp_path_factory):
    """Results of the whole run, and the server that it asked."""
    project = copy_project(tmp_path_factory.mktemp("park") / "project")
    park = {"type": "Feature", "properties": {}}
    park["geometry"] = shapely.geometry.mapping(shapely.Polygon(CORNERS))
    content = {"type": "FeatureCollection", "features": [park]}
    (project / "park.geojson").write_text(json.dumps(content))
    tower_folder(project / "labels", forest=len(TOWERS) - 1, other=1, years=YEARS)
    with Emulator(Catalogue(PhysicalPlanet(products))) as emulator:
        key = emulator.tokens.service_account(project / "key.json")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("EE_PROJECT", "forests")
            patch.setenv("EE_CREDENTIALS", str(key))
            (project / "park.yaml").write_text(
                f"{OVERLAY}earthengine: {{url: '{emulator.url}'}}\n"
            )
            words = ["park.yaml", "--cores", "2", "--config", "region=park.geojson"]
            finish(project, *words, configfile="config/region.yaml")
        assert not emulator.defects
        yield project / "results/park", emulator
    shutil.rmtree(project)


def test_the_map_has_every_forest_cell_of_the_park_and_none_beside_it(results):
    folder, _ = results
    product = load_store(folder / f"maps/{YEARS[0]}.zarr")
    share = product["region_share"].values
    area = share.sum() * 0.005**2
    assert area == pytest.approx(SIDE**2 / 2, rel=1e-3)
    gpp = product["gpp"].values
    (store,) = (folder / "mask").glob(f"r*/{YEARS[0]}.zarr")
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


def test_figures_pages_and_the_final_check_are_there(results):
    folder, _ = results
    counts = json.loads((folder / "gates/final_check.json").read_text())["counts"]
    assert counts["fail"] == 0
    assert counts["pass"] > 0
    drawn = {path.stem for path in (folder / "figures").glob("*.png")}
    assert {"maps", "change", "uncertainty", "regions", "drivers"} <= drawn
    (collection,) = (folder / "products").glob("collection.json")
    assert collection.stat().st_size
    assert "run park" in (folder / "report.html").read_text()
    page = (folder / "explorer.html").read_text()
    (text,) = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', page
    )
    shown = json.loads(text)["map"]
    assert shown["map_resolution"] == 0.005
    assert shown["outlines"]["names"] == ["park"]
    assert sum(shown["outlines"]["lengths"]) == len(CORNERS) + 1
    assert len(page) < 12e6
