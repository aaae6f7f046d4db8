"""Three lines from a finished run to a map; what is no product is one line."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import QuadMesh

import forestflux
from forestflux import open_product
from forestflux.core.grids.grid import Grid
from forestflux.core.input_errors import InputError
from forestflux.core.layers import LAYERS, NOT_FOREST
from tests.builders.paths import ROOT
from tests.builders.year_products import make_map, publish

GRID = Grid(resolution_deg=15.0, tile_cells=12)
YEARS = (2003, 2018)


@pytest.fixture(scope="module")
def mapped() -> dict[int, xr.Dataset]:
    return {year: make_map(GRID, year=year, seed=year) for year in YEARS}


@pytest.fixture(scope="module")
def place(
    mapped: dict[int, xr.Dataset],
    share_results: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A working directory with the results of a run `demo`."""
    folder = tmp_path_factory.mktemp("place")
    # The tables of regions, which the examples of the pages ask.
    shutil.copytree(share_results(maps=True), folder / "results/demo")
    for year, dataset in mapped.items():
        publish(dataset, GRID, folder / "results/demo", year=year, run="demo")
    return folder


@pytest.fixture
def run(place: Path) -> Path:
    return place / "results/demo"


@pytest.mark.parametrize(
    "name",
    [
        "products/2018",
        "products/2018/forestflux_demo_2018.zarr",
        "products/2018/forestflux_demo_2018.nc",
    ],
)
def test_one_year_is_lazy_and_draws_a_map(
    run: Path, mapped: dict[int, xr.Dataset], name: str
) -> None:
    with open_product(str(run / name)) as product:
        assert all(product[layer].chunks for layer in LAYERS)
        assert product["time"].dt.year == 2018
        for layer in LAYERS:
            assert product[layer].dims == ("latitude", "longitude")
        np.testing.assert_array_equal(product["nee"], mapped[2018]["nee"])
        drawn = product.nee.plot()
        assert isinstance(drawn, QuadMesh)
        plt.close("all")


def test_zarr_and_netcdf_are_the_same(run: Path) -> None:
    stem = run / "products/2018/forestflux_demo_2018"
    with open_product(f"{stem}.zarr") as one, open_product(f"{stem}.nc") as other:
        xr.testing.assert_identical(one.load(), other.load())


@pytest.mark.parametrize("name", ["", "products"])
def test_a_folder_gives_one_of_its_years_or_all(
    run: Path, mapped: dict[int, xr.Dataset], name: str
) -> None:
    with open_product(run / name) as series:
        assert series["time"].dt.year.values.tolist() == list(YEARS)
        for number, year in enumerate(YEARS):
            np.testing.assert_array_equal(series["gpp"][number], mapped[year]["gpp"])
        assert series["cell_area"].dims == ("latitude", "longitude")
    with open_product(run / name, year=2003) as one:
        np.testing.assert_array_equal(one["gpp"], mapped[2003]["gpp"])
        flags = mapped[2003]["applicable"]
        np.testing.assert_array_equal(
            one["applicable"], flags.where(flags != NOT_FOREST)
        )


def test_a_year_without_zarr_is_read_from_netcdf(
    mapped: dict[int, xr.Dataset], tmp_path: Path
) -> None:
    product = publish(mapped[2003], GRID, tmp_path)
    (store,) = product.glob("*.zarr")
    store.rename(tmp_path / "elsewhere.zarr")
    with open_product(product) as found:
        np.testing.assert_array_equal(found["nee"], mapped[2003]["nee"])


def test_what_is_no_product_is_one_line(run: Path, tmp_path: Path) -> None:
    (tmp_path / "damaged.nc").write_text("no NetCDF")
    for path, line in {
        tmp_path / "nowhere": "nowhere: product: expected .*, found no such folder",
        tmp_path: "product: expected a run's folder .*, found no year in it",
        tmp_path / "no.zarr": r"no\.zarr: product: expected .*, found nothing",
        tmp_path / "damaged.nc": r"damaged\.nc: product: expected .*, found .*",
        run / "maps/2003.zarr": "quality: expected a layer of a product, .* found only",
    }.items():
        with pytest.raises(InputError, match=line) as caught:
            open_product(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="year: expected one of 2003, 2018, found 19"):
        open_product(run, year=1999)


def test_the_package_lists_what_users_call() -> None:
    functions = ["load_model", "load_season", "open_months", "open_product"]
    assert dir(forestflux) == ["__version__", *functions]
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = forestflux.nothing


def test_a_missing_model_says_so(tmp_path: Path) -> None:
    for path, found in {
        tmp_path / "none": "no such",
        tmp_path: "a folder without",
    }.items():
        line = rf"{path.name}: model: expected the folder of a .*, found {found}"
        with pytest.raises(InputError, match=line):
            forestflux.load_model(path)


def blocks(page: str) -> list[str]:
    """Python of a page that opens a product."""
    text = (ROOT / "docs" / page).read_text()
    found = re.findall(r"```python\n(.*?)```", text, re.S)
    return [code for code in found if "product" in code]


@pytest.mark.parametrize("page", ["how-to/products.md", "reference/api.md"])
def test_the_examples_of_the_pages_run(
    page: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    examples = blocks(page)
    assert any("open_product" in code for code in examples)
    for code in examples:
        exec(compile(code, page, "exec"), {})
    plt.close("all")
    assert (place / "nee_2018.png").stat().st_size > 10_000
    (place / "nee_2018.png").unlink()


def test_the_notebook_of_the_pages_runs(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    notebook = json.loads((ROOT / "docs/notebooks/region.ipynb").read_text())
    code = [c["source"] for c in notebook["cells"] if c["cell_type"] == "code"]
    assert not any(
        c.get("outputs") for c in notebook["cells"]
    )  # made by whoever runs it
    names: dict[str, object] = {}
    for number, lines in enumerate(code):
        exec(compile("".join(lines), f"region.ipynb, {number}", "exec"), names)
    plt.close("all")
    assert "Finland" in str(names["finland"])
    (place / "finland.png").unlink()


@pytest.mark.slow
def test_a_wheel_serves_outside_the_repository(place: Path, tmp_path: Path) -> None:
    """What is in a wheel, and nothing beside it, opens a product and knows its own files."""
    for name in ("pip", "setuptools"):
        if find_spec(name) is None:
            pytest.skip(f"{name} is not in this environment")
    # A copy, because setuptools leaves its folders in what it builds.
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "src", copy / "src")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    pip = [sys.executable, "-m", "pip", "wheel", copy, "--no-deps", "--quiet"]
    build = [*pip, "--no-build-isolation", "--wheel-dir", tmp_path]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("forestflux-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "unpacked")
    source = ROOT / "src/forestflux"
    files = (path for path in source.rglob("*") if path.is_file())
    needed = {p.relative_to(source) for p in files if "__pycache__" not in p.parts}
    root = tmp_path / "unpacked/forestflux"
    there = {p.relative_to(root) for p in root.rglob("*") if p.is_file()}
    assert needed == there
    code = (
        "import forestflux; print(forestflux.__file__);"
        "print(float(forestflux.open_product('results/demo', year=2018).gpp.mean()));"
        "forestflux.load_model"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "unpacked")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    command = [sys.executable, "-m", "forestflux", "ask", "results/demo"]
    asked = subprocess.run(
        [*command, "--region", "Finland"],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout.startswith("Region    Finland")
    file, mean = done.stdout.split()
    assert Path(file).is_relative_to(tmp_path)
    assert float(mean) > 0
