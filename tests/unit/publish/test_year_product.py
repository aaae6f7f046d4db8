"""A product appears whole or not at all; bad maps are one line; its origin is recorded."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import yaml

import forestflux
from forestflux.core.grids.grid import Grid
from forestflux.core.input_errors import InputError
from forestflux.jobs.manifests import JobManifest, write_manifest
from forestflux.jobs.stores.store import write_store
from forestflux.publish.provenance import describe_code, verify_checksums
from forestflux.publish.year_product import is_published
from tests.builders.finished_results import build_model_record
from tests.builders.paths import ROOT
from tests.builders.year_products import SETTINGS, make_map, publish, publish_store

SCRIPT = ROOT / "workflow/scripts/publish/publish.py"
GRID = Grid(resolution_deg=15.0, tile_cells=12)
FILES = {
    "forestflux_test_2003.zarr",
    "forestflux_test_2003.nc",
    "forestflux_test_2003_fluxes.tif",
    "forestflux_test_2003_fluxes.qml",
    "forestflux_test_2003_forest_type.tif",
    "forestflux_test_2003_forest_type.qml",
    "forestflux_test_2003_forest_type.tif.aux.xml",
    "forestflux_test_2003_applicable.tif",
    "forestflux_test_2003_applicable.qml",
    "forestflux_test_2003_applicable.tif.aux.xml",
    "forestflux_test_2003_quality.tif",
    "forestflux_test_2003_quality.qml",
    "forestflux_test_2003_quality.tif.aux.xml",
    "item.json",
    "provenance.json",
    "checksums.sha256",
}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def check_sums(product: Path) -> subprocess.CompletedProcess:
    """What `sha256sum`, the reader's own tool, says of the product."""
    return subprocess.run(
        ["sha256sum", "--check", "--quiet", "checksums.sha256"],
        cwd=product,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_folder_has_these_files_and_its_checksums_hold(tmp_path: Path) -> None:
    product = publish(make_map(GRID), GRID, tmp_path)
    assert names(product) == FILES
    assert names(product.parent) == {"2003"}
    assert check_sums(product).returncode == 0
    listed = (product / "checksums.sha256").read_text().splitlines()
    files = [path for path in product.rglob("*") if path.is_file()]
    assert len(listed) == len(files) - 1 - len(list(product.glob("*.aux.xml")))
    chunk = product / "forestflux_test_2003.zarr/nee/c/0/0/0"
    content = bytearray(chunk.read_bytes())
    content[len(content) // 2] ^= 1
    chunk.write_bytes(content)
    assert "nee/c/0/0/0: FAILED" in check_sums(product).stdout


def test_what_programs_write_when_they_open_a_file_is_no_damage(tmp_path: Path) -> None:
    product = publish(make_map(GRID), GRID, tmp_path)
    names_of_values = product / "forestflux_test_2003_quality.tif.aux.xml"
    names_of_values.write_text(names_of_values.read_text() + "<!-- statistics -->")
    (product / "forestflux_test_2003.nc.aux.xml").touch()
    verify_checksums(product)
    assert check_sums(product).returncode == 0


def test_the_same_map_gives_the_same_bytes(tmp_path: Path) -> None:
    sums = []
    for name in ("one", "two"):
        product = publish(make_map(GRID), GRID, tmp_path / name)
        sums.append((product / "checksums.sha256").read_text())
    assert sums[0] == sums[1]


def test_an_older_product_is_replaced_whole(tmp_path: Path) -> None:
    product = publish(make_map(GRID), GRID, tmp_path)
    (product / "stray.txt").write_text("of before")
    part = product.with_name("2003.part")
    part.mkdir()
    (part / "half.nc").write_text("left by a killed job")
    publish(make_map(GRID, seed=2), GRID, tmp_path)
    assert names(product) == FILES
    assert names(product.parent) == {"2003"}
    assert check_sums(product).returncode == 0


def test_provenance_names_code_inputs_and_build_key(tmp_path: Path) -> None:
    product = publish(make_map(GRID), GRID, tmp_path)
    found = json.loads((product / "provenance.json").read_text())
    assert found["inputs"] == {"map": "xyz"}
    assert found["code"]["checksum"] == "abc"
    assert (found["year"], found["level"]) == (2003, 0.9)
    assert is_published(product, "made up")
    assert not is_published(product, "another")
    assert not is_published(product.with_name("2004"), "made up")
    with xr.open_dataset(product / "forestflux_test_2003.nc") as netcdf:
        assert "code abc" in netcdf.attrs["history"]
        assert netcdf.attrs["license"] == SETTINGS["publish"]["license"]


def test_the_commit_is_that_of_the_checkout(tmp_path: Path) -> None:
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    wanted = head.stdout.strip() if head.returncode == 0 else None
    found = describe_code("abc")
    assert found["commit"] == wanted
    assert found["version"] == forestflux.__version__


def test_the_version_is_that_of_the_code_even_in_a_copy_without_git(
    tmp_path: Path,
) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src")
    code = "from forestflux.publish.provenance import describe_code as d; print(d('')"
    found = subprocess.run(
        [sys.executable, "-c", f"{code}['version'], d('')['commit'])"],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == [forestflux.__version__, "None"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert str(citation["version"]) == forestflux.__version__


def without(dataset: xr.Dataset, name: str) -> xr.Dataset:
    """The map with every value of a layer NaN."""
    return dataset.assign({name: dataset[name] * np.float32(np.nan)})


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda m: without(m, "gpp"), "gpp: expected some values, found NaN in every"),
        (lambda m: without(m, "dissimilarity"), "dissimilarity: expected some values"),
        (
            lambda m: m.drop_vars("applicable"),
            "applicable: expected a layer of the map",
        ),
        (lambda m: m.assign_attrs(year=2004), "year: expected 2003, found 2004"),
        (
            lambda m: m.isel(y=slice(None, None, -1)),
            "y: expected the 12 cell centres of 15.0 degrees, found 12 values from -82.5",
        ),
        (
            lambda m: make_map(Grid(resolution_deg=10.0, tile_cells=9)),
            "y: expected the 12 cell centres .* found 18 values",
        ),
    ],
)
def test_a_bad_map_is_one_line_and_nothing_is_written(
    tmp_path: Path, spoil, line: str
) -> None:
    with pytest.raises(InputError, match=line) as caught:
        publish(spoil(make_map(GRID)), GRID, tmp_path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "products").exists()


def test_a_map_with_a_lost_chunk_is_refused(tmp_path: Path) -> None:
    store = tmp_path / "maps/2003.zarr"
    write_store(make_map(GRID), store)
    (store / "reco/c/0/0").unlink()
    with pytest.raises(InputError, match="reco: expected 1 chunks, found 0"):
        publish_store(store, GRID, tmp_path)
    assert not (tmp_path / "products").exists()


def run_job(folder: Path, grid: Grid) -> list[str]:
    """The command of a publish job for the maps of a folder."""
    cells = {"resolution_deg": grid.resolution_deg, "tile_cells": grid.tile_cells}
    # Every section is a setting of the job; those that do not matter here are their defaults.
    sections = [
        "planet",
        "towers",
        "mask",
        "samples",
        "folds",
        "train",
        "model",
        "infer",
        "evaluate",
    ]
    others = {"seed": 1, "grid": cells} | {name: {} for name in sections}
    settings = json.dumps(SETTINGS | others)
    options = {
        "maps": folder / "maps/2003.json",
        "model": folder / "model.json",
        "settings": settings,
        "code": "abc",
        "folder": folder / "products",
        "manifest": folder / "publish/2003.json",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return list(map(str, [sys.executable, SCRIPT, "--years", 2003, *words]))


@pytest.fixture
def job(tmp_path: Path) -> list[str]:
    """The command of a job that takes some seconds."""
    grid = Grid(resolution_deg=1.0, tile_cells=180)
    record = write_store(make_map(grid), tmp_path / "maps/2003.zarr")
    stores = JobManifest(stores={"2003": record.checksum})
    write_manifest(tmp_path / "maps/2003.json", stores)
    write_manifest(tmp_path / "model.json", build_model_record())
    return run_job(tmp_path, grid)


def test_a_killed_job_leaves_no_product_and_the_next_one_finishes(
    job: list[str], tmp_path: Path
) -> None:
    products = tmp_path / "products"
    process = subprocess.Popen(job, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (products / "2003.part").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert names(products) == {"2003.part"}
    subprocess.run(job, check=True, capture_output=True)
    assert names(products) == {"2003"}
    assert names(products / "2003") == FILES
    manifest_file = tmp_path / "publish/2003.json"
    before = (products / "2003/item.json").stat().st_mtime_ns
    manifest = manifest_file.read_text()
    manifest_file.unlink()
    subprocess.run(job, check=True, capture_output=True)
    assert (products / "2003/item.json").stat().st_mtime_ns == before
    assert manifest_file.read_text() == manifest
    (geotiff,) = (products / "2003").glob("*_quality.tif")
    whole = geotiff.read_bytes()
    for spoil in (
        lambda: geotiff.write_bytes(whole[:-1] + b"x"),
        geotiff.unlink,
        lambda: (products / "2003/more.txt").touch(),
        lambda: (products / "2003/checksums.sha256").unlink(),
        lambda: (products / "2003/provenance.json").write_text("[]"),
    ):
        spoil()
        manifest_file.unlink()
        subprocess.run(job, check=True, capture_output=True)
        assert geotiff.read_bytes() == whole
        assert manifest_file.read_text() == manifest
        assert names(products / "2003") == FILES
    record = json.loads((products / "2003/provenance.json").read_text())
    seal = json.loads((tmp_path / "model.json").read_text())["seal"]
    assert record["model"] == {"run": "test", "checksum": seal}
    assert record["configuration"]["publish"] == SETTINGS["publish"]
