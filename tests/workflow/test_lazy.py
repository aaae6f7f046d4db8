"""Stores of every kind open lazily with xarray alone and compute on a Dask cluster."""

import pytest
import xarray as xr

from forestflux.jobs.stores.store import load_store

distributed = pytest.importorskip("distributed")

# One store of each kind, below the run's results.
STORES = (
    "truth/2003.zarr",
    "extract/r00c00/2003.zarr",
    "extract/towers/2003.zarr",
    "cube/r00c00/2003.zarr",
    "cube/towers/2003.zarr",
    "mask/r00c00/2003.zarr",
    "mask/towers/2003.zarr",
    "samples/samples.zarr",
    "infer/r00c00/2003.zarr",
    "maps/2003.zarr",
    "change/change.zarr",
    "departures/r00c00.zarr",
    "level/r00c00.zarr",
    "drivers/drivers.zarr",
    "compare/other.zarr",
    "seasons/r00c00/2003.zarr",
    "truth_months/2003.zarr",
    "month_maps/2003.zarr",
    "products/months/2003/forestflux_micro_months_2003.zarr",
    "products/2003/forestflux_micro_2003.zarr",
)


@pytest.fixture(scope="module")
def client():
    """A Dask cluster of two worker processes on this machine."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def kinds(results):
    """Stores of a run with places and years left out."""
    found = {path.relative_to(results) for path in results.rglob("*.zarr")}
    return {(path.parts[0], "towers" in path.parts, len(path.parts)) for path in found}


def test_the_list_has_every_kind_of_store(finished):
    results = finished / "results/micro"
    listed = {results / name for name in STORES}
    assert all(path.is_dir() for path in listed)
    assert kinds(results) == {
        (path.parts[0], "towers" in path.parts, len(path.parts))
        for path in (store.relative_to(results) for store in listed)
    }


@pytest.mark.parametrize("name", STORES)
def test_a_store_opens_lazily_and_computes_equal_values(finished, client, name):
    """Every kind of store opens with xarray alone and computes on a Dask cluster."""
    path = finished / "results/micro" / name
    with xr.open_zarr(
        path, chunks={}, consolidated=False, mask_and_scale=False
    ) as lazy:
        assert all(array.chunks for array in lazy.data_vars.values() if array.ndim)
        computed = client.compute(lazy, sync=True)
    usual = name.startswith("products") or load_store(path)
    if usual is True:
        usual = xr.open_zarr(path, chunks=None, mask_and_scale=False).load()
    xr.testing.assert_equal(computed, usual)


def test_a_sum_over_all_years_is_done_on_the_cluster(finished, client):
    paths = sorted((finished / "results/micro/maps").glob("*.zarr"))
    maps = [xr.open_zarr(path, chunks={}, consolidated=False) for path in paths]
    series = xr.concat(
        maps, dim="year", data_vars=["gpp"], coords="minimal", compat="override"
    )
    total = (series["gpp"] * series["cell_area"] * series["forest_fraction"]).sum(
        ("y", "x")
    )
    found = client.compute(total, sync=True)
    for number, path in enumerate(paths):
        year = load_store(path)
        wanted = (year["gpp"] * year["cell_area"] * year["forest_fraction"]).sum()
        assert float(found[number]) == pytest.approx(float(wanted), rel=1e-6)
