"""Made-up maps, change and recovery of a run, after the contracts; no science."""

import shutil
from collections.abc import Iterable
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
import xarray as xr
from odc.geo.data import ocean_geom

from forestflux.change.analysis import analyse_change
from forestflux.change.drivers.departure_effects import driver_names
from forestflux.change.drivers.driver_maps import (
    build_driver_store,
    table_drivers,
    tabulate_drivers,
)
from forestflux.core.grids.grid import Grid, cell_area
from forestflux.core.names import FLUX_UNIT, TARGET_FLUXES
from forestflux.evaluation.change_detection import DETECTION_TESTS
from forestflux.evaluation.compare.comparison_store import compare_product
from forestflux.evaluation.compare.comparison_tables import tabulate_comparison
from forestflux.evaluation.evaluation_schemas import COVERAGE
from forestflux.evaluation.gates.gate_rows import make_row
from forestflux.evaluation.gates.gates_manifest import GATES
from forestflux.jobs.manifests import JobManifest, manifest_path, write_manifest
from forestflux.jobs.settings.change_settings import ChangeSettings
from forestflux.jobs.settings.compare_settings import ComparedSettings
from forestflux.jobs.stores.store import open_store, write_store
from forestflux.jobs.tables import write_table
from tests.builders.error_models import make_components, make_error_model
from tests.builders.inputs import VARIABLES

YEARS = range(2003, 2019)
PAIR = (YEARS[0], YEARS[-1])
MEMBERS = 3
RESOLUTION_DEG = 6.0

# What drove the change of a cell, in the order of `drivers.zarr`.
DRIVERS = driver_names(VARIABLES)


def build_maps(
    path: Path, rng: np.random.Generator, written: Iterable[int], *, members: int
) -> None:
    """Write the maps, the change and the recovery."""
    land = build_land()
    years = {year: build_year(land, year, rng, members=members) for year in YEARS}
    stores = {year: path / f"maps/{year}.zarr" for year in YEARS}
    for year, store in stores.items():
        write_store(years[year], store)
    totals = analyse_maps(path, stores)
    compare_maps(path, years, stores)
    for year in set(YEARS) - set(written):
        shutil.rmtree(stores[year])
        manifest_path(stores[year]).unlink()
    write_table(build_recovery(totals, rng), path / "recovery/recovery.csv")
    write_table(build_coverage(), path / "recovery/coverage.csv")
    write_table(build_gates(), path / "gates/gates.csv")
    drivers = build_drivers(years)
    store = write_store(drivers, path / "drivers/drivers.zarr")
    manifest = JobManifest(stores={"drivers": store.checksum})
    write_manifest(path / "drivers/drivers.json", manifest)
    write_table(build_driver_table(members), path / "drivers/drivers.csv")


def build_land() -> xr.Dataset:
    """Forest fraction, forest type and cell area of real land, types by latitude."""
    grid = Grid(RESOLUTION_DEG, 30)
    lat, lon = np.meshgrid(grid.latitudes(), grid.longitudes(), indexing="ij")
    land = ~shapely.contains_xy(ocean_geom().geom, lon.ravel(), lat.ravel())
    land = land.reshape(lat.shape) & (lat > -56) & (lat < 75)
    dry = (np.abs(np.abs(lat) - 24) < 7) & (lon > -30) & (lon < 150)
    fraction = np.where(land & ~dry, 0.55 + 0.35 * np.cos(np.radians(4 * lat)), 0)
    north = np.where((lon > 90) & (lon < 170), 3, 1)
    types = np.select([lat > 50, lat > 38, np.abs(lat) > 25], [north, 5, 4], 2)
    area = np.broadcast_to(
        cell_area(grid.latitudes(), RESOLUTION_DEG)[:, None], lat.shape
    )
    dims = ("y", "x")
    return xr.Dataset(
        {
            "forest_fraction": (dims, fraction.astype("float32"), {"units": "1"}),
            "forest_type": (dims, np.where(fraction > 0, types, 0).astype("uint8")),
            "cell_area": (dims, area.astype("float64"), {"units": "m2"}),
        },
        {"y": grid.latitudes(), "x": grid.longitudes()},
    )


def build_year(
    land: xr.Dataset, year: int, rng: np.random.Generator, *, members: int
) -> xr.Dataset:
    """The dataset of `maps/{year}.zarr`."""
    lat, lon = xr.broadcast(land["y"], land["x"])
    forest = land["forest_fraction"] > 0
    weather = 60 * np.sin(np.radians(2 * lon + 40 * year)) + rng.normal(0, 10)
    trend = 6 * (year - 2003) * np.cos(np.radians(lat))
    base = 300 + 2200 * np.cos(np.radians(lat)) ** 2
    member = xr.DataArray(np.linspace(0.95, 1.05, members), dims="member")
    gpp = (member * (base + weather + trend)).where(forest)
    nee = (-0.05 * gpp - 100 - 0.6 * weather + 250 * np.sin(lon / 20)).where(forest)
    reco = gpp + nee
    dataset = land.copy()
    dataset["gpp_member"], dataset["reco_member"] = gpp, reco
    for name, values, half in (
        ("gpp", gpp, 400),
        ("reco", reco, 350),
        ("nee", nee, 300),
    ):
        mean = values.mean("member")
        dataset[name] = mean.assign_attrs(units=FLUX_UNIT)
        if name != "reco":
            dataset[f"{name}_lower"], dataset[f"{name}_upper"] = (
                mean - half,
                mean + half,
            )
    dataset["gap_fraction"] = (0.15 + 0.3 * np.abs(np.sin(np.radians(lat)))).where(
        forest
    )
    far = 0.1 + 0.5 * np.abs(np.sin(np.radians(3 * lon)))
    dataset["dissimilarity"] = far.where(forest)
    inside = xr.where(forest, far <= 0.5, 255).astype("uint8")
    dataset["applicable"] = inside.transpose("y", "x")
    dataset["spatial_ref"] = xr.DataArray(np.int32(0))
    dataset.attrs |= {"Conventions": "CF-1.11", "year": year, "model": "made up"}
    for name in dataset.data_vars:
        if dataset[name].dtype == "float64" and name != "cell_area":
            dataset[name] = dataset[name].astype("float32")
    return dataset.transpose("member", "y", "x")


def analyse_maps(path: Path, stores: dict[int, Path]) -> pd.DataFrame:
    """Write all that the stage change makes of the maps, by the stage itself; the totals."""
    components = make_components(
        level_sd=150.0, type_sd=40.0, trend_sd=2.0, year_sd=60.0
    )
    errors = make_error_model(Grid(RESOLUTION_DEG, 30), components=components)
    change, tables = analyse_change(
        stores, ChangeSettings(), errors, years=YEARS, level=0.9
    )
    for name, table in tables.items():
        write_table(table, path / f"change/{name}.csv")
    record = write_store(change, path / "change/change.zarr")
    manifest = JobManifest(stores={"change": record.checksum})
    write_manifest(path / "change/change.json", manifest)
    return tables["totals"]


def compare_maps(
    path: Path, years: dict[int, xr.Dataset], stores: dict[int, Path]
) -> None:
    """Write all that the stage compare makes of two products, by the stage itself."""
    checksums, tables = {}, []
    for name, flux in (("other_gpp", "gpp"), ("other_nee", "nee")):
        file = path / f"{name}.nc"
        save_product(years, flux, file)
        made = compare_product(
            name,
            ComparedSettings(files=(str(file),)),
            stores,
            windows=ChangeSettings().windows,
            zone_width_deg=1.0,
        )
        store = path / f"compare/{name}.zarr"
        checksums[name] = write_store(made, store).checksum
        tables.append(open_store(store))
    for name, table in tabulate_comparison(tables).items():
        write_table(table, path / f"compare/{name}.csv")
    write_manifest(path / "compare/compare.json", JobManifest(stores=checksums))


def save_product(years: dict[int, xr.Dataset], flux: str, file: Path) -> None:
    """A yearly product whose flux is nine tenths of that of the maps, and a little more."""
    values = np.stack(
        [0.9 * dataset[flux].to_numpy() + 10 for dataset in years.values()]
    )
    first = next(iter(years.values()))
    moments = [f"{year}-01-01" for year in years]
    xr.Dataset(
        {flux.upper(): (("time", "lat", "lon"), values, {"units": "gC m-2 yr-1"})},
        {
            "time": np.array(moments, "datetime64[ns]"),
            "lat": first["y"].to_numpy(),
            "lon": first["x"].to_numpy(),
        },
    ).to_netcdf(file)


def build_coverage() -> pd.DataFrame:
    """Table of `coverage.csv`: totals of NEE by three ways to divide the forest."""
    shares = {"all": (16, 0.8125), "band": (64, 0.625), "country": (2416, 0.766)}
    rows = [
        ("total", kind, "nee", 0.9, n, covered) for kind, (n, covered) in shares.items()
    ]
    return pd.DataFrame(rows, columns=COVERAGE.names)


def build_recovery(totals: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Table of `recovery.csv`."""
    rows = []
    whole = totals[totals["kind"] == "all"]
    for row in whole.itertuples():
        rows.append((f"{row.variable}_total_{row.year}", "PgC yr-1", row.total))
    bands = totals[(totals["kind"] == "band") & (totals["year"] == 2003)]
    for row in bands[bands["variable"] != "reco"].itertuples():
        rows.append((f"{row.variable}_total_{row.stratum}", "PgC yr-1", row.total))
    for variable in ("gpp", "reco", "nee"):
        rows.append((f"{variable}_change", "PgC yr-1", 0.6))
        rows.append((f"{variable}_cell_rms", "gC m-2 yr-1", 0.0))
        rows.append((f"{variable}_zonal_rms", "gC m-2 yr-1", 0.0))
        rows.append((f"{variable}_cell_r2", "1", 1.0))
        rows.append((f"{variable}_series_slope", "gC m-2 yr-2", 2.5))
        rows.append((f"{variable}_mean", "gC m-2 yr-1", 900.0))
        rows.append((f"{variable}_change_cell_r2", "1", 1.0))
    rows.append(("forest_area", "m2", 4e13))
    for name in ("", *(f"_{band}" for band in sorted(set(bands["stratum"])))):
        rows.append((f"gpp_planted_slope{name}", "gC m-2 yr-2", 3.0))
    rows.append(("gpp_slope_found", "1", 0.2))
    for variable, test in product(TARGET_FLUXES, DETECTION_TESTS):
        for kind, value in (("found", 0.3), ("alarm", 0.02), ("auc", 0.8)):
            rows.append((f"{variable}_disturbance_{kind}_{test}", "1", value))
    rows.append(("gpp_share_within_interval", "1", 0.9))
    rows.append(("nee_share_within_interval", "1", 0.9))
    for variable in ("gpp", "nee"):
        for side in ("inside", "outside"):
            rows.append((f"{variable}_share_within_interval_{side}", "1", 0.9))
    rows.append(("nee_disturbance_effect", "gC m-2 yr-1", 250.0))
    table = pd.DataFrame(rows, columns=["quantity", "unit", "truth"])
    table["mapped"] = table["truth"] * rng.normal(0.97, 0.03, len(table))
    rms = table["quantity"].str.endswith("rms")
    table.loc[rms, "mapped"] = rng.uniform(60, 120, rms.sum())
    table["error"] = table["mapped"] - table["truth"]
    known = table["truth"].where(table["truth"] != 0)
    table["error_percent"] = 100 * table["error"] / known
    return table


def build_gates() -> pd.DataFrame:
    """Table of `gates.csv`: a test of each status, but none that failed."""
    rows = [
        make_row("closure", "NEE and RECO - GPP", FLUX_UNIT, (0, 0.01), 0.0)
        | {"year": year}
        for year in YEARS
    ]
    bias = {"known": (-17.5, -3.9), "reference": "nee"}
    rows.append(make_row("total", "NEE", "PgC yr-1", (-3.9, -3.1), -9.25, **bias))
    absent = {"not_applicable": "not all tiles of the globe are mapped"}
    rows.append(
        make_row("applicability", "share inside", "1", (0.5, 1), np.nan, **absent)
    )
    return pd.DataFrame(rows, columns=GATES.names)


def build_drivers(years: dict[int, xr.Dataset]) -> xr.Dataset:
    """The dataset of `drivers.zarr`: shares of the difference of the pair."""
    first, last = years[min(years)], years[max(years)]
    part = np.array([0.4, 0.2, 0.25, -0.1, 0.05, 0.15, 0.05], "float32")
    effects = {
        flux: part[:, None, None] * (last[flux] - first[flux]).to_numpy()
        for flux in ("gpp", "nee")
    }
    maps = {f"{flux}_effect": effect for flux, effect in effects.items()}
    return build_driver_store(
        maps, Grid(RESOLUTION_DEG, 30), pair=(2003, 2018), drivers=DRIVERS
    )


def build_driver_table(count: int) -> pd.DataFrame:
    """Table of `drivers.csv`, all forest alone."""
    parts = table_drivers(DRIVERS)
    sums = np.linspace(-0.4, 0.9, len(parts))[:, None, None, None]
    members = sums * np.linspace(0.9, 1.1, count)[:, None]
    whole = np.broadcast_to(members, (len(parts), 3, count, 1))
    spread = np.full((3, len(DRIVERS) - 1, 1), 0.05)
    return tabulate_drivers(whole, spread, [("all", "all")], parts=parts, level=0.9)
