"""A run of a region across 180 degrees: nothing outside, and totals as they are by hand."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from forestflux.core.grids.grid import cell_area
from forestflux.core.names import PG_PER_G
from forestflux.jobs.stores.store import load_store, open_store
from forestflux.publish.months.month_reading import open_months
from forestflux.publish.product_reading import open_product
from tests.builders.projects import copy_project, edit, finish, plan, planned, snakemake

# A box from Kamchatka to Alaska, and a file with a ring of land in New Zealand.
REGION = "region: [[162, 52.5, -157.5, 67], ring.geojson]"
BOX_NAME = "162,52.5,-157.5,67"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the region, run as far as the change and the products."""
    project = copy_project(tmp_path_factory.mktemp("region") / "project")
    edit(project, "micro.yaml", "tile_cells: 24}", f"tile_cells: 4}}\n{REGION}")
    write_ring(project, hole=2)
    edit(project, "micro.yaml", "forest: 3", "forest: 1")
    edit(project, "micro.yaml", "members: 2\n  epochs", "members: 1\n  epochs")
    edit(project, "micro.yaml", "tiles: 6", "tiles: 20")
    maps = [
        "maps/2003.json",
        "maps/2004.json",
        "change/change.json",
        "publish/2004.json",
        "publish_months/2004.json",
        "truth_months/2004.json",
    ]
    targets = [f"results/micro/{name}" for name in maps]
    finish(project, "--cores", "2", "--", *targets)
    return project


def write_ring(project: Path, *, hole: float) -> None:
    """The file of the region: 13 degrees by 13 with a hole of so many degrees."""
    ring = shapely.box(166, -47, 179, -34).difference(
        shapely.box(170, -45, 170 + hole, -45 + hole)
    )
    feature = {"type": "Feature", "properties": {}}
    feature["geometry"] = shapely.geometry.mapping(ring)
    content = {"type": "FeatureCollection", "features": [feature]}
    (project / "ring.geojson").write_text(json.dumps(content))


@pytest.fixture
def results(project: Path) -> Path:
    """Its results."""
    return project / "results" / "micro"


def test_the_map_is_one_rectangle_past_180_degrees(results: Path) -> None:
    mapped = open_store(results / "maps/2003.zarr")
    longitudes = mapped["x"].values
    assert (np.diff(longitudes) == 5).all()
    assert longitudes[0] > 150
    assert longitudes[-1] > 200
    assert mapped.sizes["x"] < 20
    product = open_product(results, year=2004)
    share = load_store(results / "maps/2004.zarr")["region_share"]
    np.testing.assert_array_equal(product["longitude"], longitudes)
    np.testing.assert_array_equal(product["region_share"], share)


def test_outside_of_the_region_there_is_nothing(results: Path) -> None:
    mapped = load_store(results / "maps/2003.zarr")
    share = mapped["region_share"].values
    outside = share == 0
    assert outside.any()
    assert ((share > 0) & (share < 1)).any()
    assert np.isnan(mapped["gpp"].values[outside]).all()
    assert (np.nan_to_num(mapped["forest_fraction"].values[outside]) == 0).all()
    stores = sorted((results / "region").glob("*.zarr"))
    assert len(stores) == 4
    for store in stores:
        own = load_store(store)["region_share"].values
        masked = load_store(results / f"mask/{store.stem}/2003.zarr")
        assert np.isnan(masked["ndvi"].values[:, own == 0]).all()
        assert (masked["forest_fraction"].values[own == 0] == 0).all()


def test_months_of_the_region_add_up_to_its_year(results: Path) -> None:
    mapped = load_store(results / "maps/2004.zarr")
    months = open_months(results, year=2004)
    np.testing.assert_array_equal(months["longitude"], mapped["x"])
    np.testing.assert_array_equal(months["region_share"], mapped["region_share"])
    added = months["gpp"].values.sum(axis=0, dtype=float).astype("float32")
    forest = np.isfinite(mapped["gpp"].values)
    assert forest.any()
    np.testing.assert_array_equal(added[forest], mapped["gpp"].values[forest])
    truth = load_store(results / "truth_months/2004.zarr")
    assert np.isfinite(truth["gpp"].values[:, forest]).all()


def test_totals_are_those_by_hand(results: Path) -> None:
    series = pd.read_csv(results / "change/regions.csv")
    for year in (2003, 2004):
        mapped = load_store(results / f"maps/{year}.zarr")
        cells = cell_area(mapped["y"].values, 5.0)[:, None]
        share = mapped["region_share"].values.astype(float)
        forest = cells * mapped["forest_fraction"].values * share
        total = np.nansum(forest * mapped["gpp"].values) * PG_PER_G
        own = series[(series["year"] == year) & (series["variable"] == "gpp")]
        own = own.set_index(["kind", "stratum"])
        assert own.loc[("all", "all"), "total"] == pytest.approx(total, rel=1e-5)
        area = np.nansum(np.where(np.isfinite(mapped["gpp"]), forest, 0))
        assert own.loc[("all", "all"), "area"] == pytest.approx(area, rel=1e-6)
        parts = own.loc["region"]
        assert set(parts.index) == {BOX_NAME, "ring"}
        for kind in ("region", "country", "continent"):
            assert own.loc[kind, "total"].sum() == pytest.approx(total, rel=1e-5)


def test_the_plan_knows_the_tiles_and_an_unknown_name_is_one_line(
    project: Path,
) -> None:
    assert planned(project, "results/micro/maps/2003.json") == {}
    dry = ["--dry-run", "--cores", "1"]
    done = snakemake(project, *dry, "--config", "region=Korea")
    assert done.returncode != 0
    assert (
        "(near it: South Korea, North Korea), found Korea" in done.stdout + done.stderr
    )
    write_ring(project, hole=3)
    stale = planned(project, "results/micro/change/change.json")
    assert {"region", "extract", "cube", "mask", "infer", "map", "change"} <= set(stale)
    assert not {"tower_sites", "tower_fluxes"} & set(stale)
    found = plan(project, *dry, "--config", "region=FI", "year=2004", "--", "products")
    assert "Publishing 2004" in found.stdout + found.stderr
