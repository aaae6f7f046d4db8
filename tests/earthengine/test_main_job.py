"""The main job with the source `earthengine` against the emulator: cubes as from `simulated`."""

import json
import shutil

import pytest
import yaml

from forestflux.core.grids.grid import Grid
from forestflux.core.grids.places import TilePlace, TowerPlace
from forestflux.jobs.stores.store import load_store
from forestflux.prepare.calendar_cube import build_cube
from forestflux.sources.extraction import extract
from tests.builders.projects import copy_project, snakemake
from tests.earthengine.emulator.archives.catalogue import Catalogue
from tests.earthengine.emulator.archives.standin import (
    TILE_CELLS,
    YEARS,
    coarse_products,
    lone_sites,
    planet_of,
    write_labels,
)
from tests.earthengine.emulator.server import Emulator

pytestmark = pytest.mark.slow  # jobs and whole runs as processes of their own

IN_FLIGHT = 6
TOWERS = 12

OVERLAY = """
source: earthengine
towers: {{folder: labels}}
earthengine:
  url: {url}
  in_flight: {in_flight}
  attempts: 20
  forest_only: false
"""


def make_project(folder, products, sites, url):
    """A micro project that extracts from a server."""
    project = copy_project(folder)
    (project / "config" / "products.yaml").write_text(
        yaml.safe_dump(json.loads(products.to_json())["variables"])
    )
    write_labels(project / "labels", sites)
    overlay = OVERLAY.format(url=url, in_flight=IN_FLIGHT)
    micro = yaml.safe_load((project / "micro.yaml").read_text())
    micro.pop("fluxes")  # these towers have no months
    (project / "micro.yaml").write_text(yaml.safe_dump(micro) + overlay)
    return project


def targets(stage):
    """Manifests of a stage in a micro project."""
    tiles = [f"r00c00-r01c02.{year}" for year in YEARS]
    towers = f"towers.{YEARS[0]}-{YEARS[-1]}"
    return [f"results/micro/{stage}/{name}.json" for name in (*tiles, towers)]


@pytest.fixture(scope="module")
def table(products):
    """The product table of the run."""
    return coarse_products(products)


@pytest.fixture(scope="module")
def sites(table):
    """Towers of both hemispheres and of every class that is there."""
    every = lone_sites(table)
    return every.iloc[:: len(every) // TOWERS].head(TOWERS).reset_index(drop=True)


@pytest.fixture(scope="module")
def finished(table, sites, tmp_path_factory):
    """Server, project and planet after a run up to the cubes."""
    planet, source = planet_of(table, sites)
    folder = tmp_path_factory.mktemp("earthengine")
    with Emulator(Catalogue(planet), quota=IN_FLIGHT, latency_s=0.02) as emulator:
        key = emulator.tokens.service_account(folder / "key.json")
        project = make_project(folder / "project", table, sites, emulator.url)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("EE_PROJECT", "forests")
            patch.setenv("EE_CREDENTIALS", str(key))
            run = snakemake(project, "--cores", "2", *targets("cube"))
            assert run.returncode == 0, run.stdout + run.stderr
            assert not emulator.defects
            yield emulator, project, source


def places(sites):
    """Every place of the run."""
    grid = Grid(5.0, TILE_CELLS)
    return [TowerPlace(sites), *(TilePlace(tile) for tile in grid.tiles())]


def same_bits(name, found, expected):
    """Names of towers as text, everything else bit for bit."""
    if name == "site":
        assert found.tolist() == expected.tolist()
        return
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape), name
    assert found.tobytes() == expected.tobytes(), name


@pytest.mark.parametrize("year", YEARS)
def test_cubes_are_those_of_the_source_simulated(finished, table, sites, year):
    """A run that asks the emulator gives the cubes of the simulated planet behind it."""
    _, project, source = finished
    for place in places(sites):
        wanted = table.column(place.column)
        native = extract(source, wanted, place, year=year)
        expected = build_cube(native, wanted, year=year)
        found = load_store(project / f"results/micro/cube/{place.name}/{year}.zarr")
        assert set(found.variables) == set(expected.variables)
        for name, array in expected.variables.items():
            same_bits(name, found[name].values, array.values)


def test_two_jobs_at_once_stay_below_the_configured_number(finished):
    emulator, _, _ = finished
    assert 2 < emulator.peak <= IN_FLIGHT
    assert not [record for record in emulator.of() if record.fault == "quota"]


def test_every_request_is_sent_once_and_tagged(finished):
    emulator, _, _ = finished
    assert set(emulator.finished().values()) == {1}
    assert all(record.tag.startswith("forestflux") for record in emulator.of())
    assert {record.status for record in emulator.of()} == {200}


def test_without_results_the_cache_answers_everything(finished, tmp_path):
    """Answers that are in the cache are not asked for again."""
    emulator, project, _ = finished
    again = tmp_path / "again"
    shutil.copytree(project, again, symlinks=True)
    towers = targets("extract")[-1]
    before = (again / towers).read_bytes()
    shutil.rmtree(again / "results")
    emulator.clear()
    run = snakemake(again, "--cores", "1", towers)
    assert run.returncode == 0, run.stdout + run.stderr
    assert emulator.records == []
    assert (again / towers).read_bytes() == before
