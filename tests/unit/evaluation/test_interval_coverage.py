"""Whether intervals hold the truth: true totals by hand, and shares of what lies inside."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from forestflux.change.cell_series import CHANGE_LAYERS
from forestflux.change.strata.divisions import divide_grid
from forestflux.core.grids.grid import Grid, cell_area
from forestflux.core.names import FLUXES, TARGET_FLUXES
from forestflux.evaluation.evaluation_schemas import COVERAGE
from forestflux.evaluation.interval_coverage import (
    sum_true_totals,
    tabulate_interval_coverage,
)
from forestflux.evaluation.truth_comparison import TruthComparison
from forestflux.jobs.settings.change_settings import LatitudeBandSettings
from forestflux.jobs.stores.store import write_store

GRID = Grid(30.0, 12)
YEARS = [2003, 2004, 2005]
CELLS = ("y", "x")
BANDS = (
    LatitudeBandSettings(name="north", south=0, north=90),
    LatitudeBandSettings(name="south", south=-90, north=0),
)
KEY = ["stratum", "kind", "variable"]


@pytest.fixture(scope="module")
def planet(tmp_path_factory):
    """Maps of a forest in every cell, and a truth that lies 100 above its GPP."""
    folder = tmp_path_factory.mktemp("planet")
    rng = np.random.default_rng(1)
    types = rng.integers(1, 6, GRID.shape).astype("uint8")
    area = np.broadcast_to(cell_area(GRID.latitudes(), 30.0)[:, None], GRID.shape)
    coords = {"y": GRID.latitudes(), "x": GRID.longitudes(), "member": [0, 1]}
    maps, truth, true = {}, {}, {}
    for year in YEARS:
        gpp, reco = rng.uniform(1000, 2000, (2, *GRID.shape)).astype("float32")
        fields = {
            "gpp": (CELLS, gpp),
            "gpp_member": (("member", *CELLS), np.stack([gpp] * 2)),
            "reco_member": (("member", *CELLS), np.stack([reco] * 2)),
            "forest_fraction": (CELLS, np.full(GRID.shape, 0.5, "float32")),
            "forest_type": (CELLS, types),
            "cell_area": (CELLS, area),
            "applicable": (CELLS, np.ones(GRID.shape, "uint8")),
        }
        maps[year] = folder / f"map{year}.zarr"
        write_store(xr.Dataset(fields, coords), maps[year])
        true[year] = {"gpp": gpp + 100, "reco": reco}
        truth[year] = folder / f"truth{year}.zarr"
        layers = {name: (CELLS, values) for name, values in true[year].items()}
        write_store(
            xr.Dataset(layers, {name: coords[name] for name in CELLS}), truth[year]
        )
    return maps, truth, true, types, 0.5 * area


@pytest.fixture(scope="module")
def totals(planet):
    maps, truth, *_ = planet
    divisions = divide_grid(GRID.latitudes(), GRID.longitudes(), bands=BANDS)
    return sum_true_totals(maps, truth, divisions, YEARS)


def test_true_totals_by_hand(planet, totals):
    _, _, true, types, area = planet
    found = totals.set_index([*KEY, "year"])["truth"]
    for year in YEARS:
        gpp, reco = (true[year][name].astype(float) for name in ("gpp", "reco"))
        for flux, values in (("gpp", gpp), ("reco", reco), ("nee", reco - gpp)):
            whole = (area * values).sum() * 1e-15
            assert found["all", "all", flux, year] == pytest.approx(whole, rel=1e-6)
            of_type = (area * values)[types == 2].sum() * 1e-15
            assert found["EBF", "type", flux, year] == pytest.approx(of_type, rel=1e-5)
            north = (area * values)[:3].sum() * 1e-15
            assert found["north", "band", flux, year] == pytest.approx(north, rel=1e-5)
    assert "forest_change" not in set(totals["kind"])


def make_tables(totals: pd.DataFrame, *, miss: str) -> dict[str, pd.DataFrame]:
    """Tables whose intervals hold every truth, but in one stratum those of all quantities."""
    by_year = totals.pivot(index=KEY, columns="year", values="truth")
    changes = (by_year[2005] - by_year[2003]).reset_index(name="middle")
    slopes = ((by_year[2005] - by_year[2003]) / 2).reset_index(name="middle")

    def bound(table: pd.DataFrame, prefix: str, middle: pd.Series) -> pd.DataFrame:
        away = np.where(table["stratum"] == miss, 10.0, 0.0)
        ends = {"lower": middle + away - 1, "upper": middle + away + 1}
        return table.assign(**{f"{prefix}_{end}": v for end, v in ends.items()})

    changed = bound(changes, "change", changes["middle"])
    # The slope of three years by Theil and Sen is near that between the ends.
    changed = bound(changed, "slope", slopes["middle"])
    return {
        "regions": bound(totals, "total", totals["truth"]),
        "region_changes": changed,
        "windows": changed,
    }


def compare(rng: np.random.Generator) -> tuple[TruthComparison, xr.Dataset]:
    """Four cells, and a change store that is wrong by twice its error at one of them."""
    truth = {flux: rng.normal(1000, 10, (len(YEARS), 4)) for flux in FLUXES}
    layers = {
        f"{flux}_{layer}": (CELLS, np.full((2, 2), np.nan))
        for flux in TARGET_FLUXES
        for layer in CHANGE_LAYERS
    }
    for flux in TARGET_FLUXES:
        difference = truth[flux][2] - truth[flux][0]
        moved = difference + np.array([0, 10, 10, 20])
        layers[f"{flux}_difference"] = CELLS, moved.reshape(2, 2)
        layers[f"{flux}_difference_sd"] = CELLS, np.full((2, 2), 10.0)
    ones = np.ones((len(YEARS), 4))
    both = TruthComparison(
        years=np.array(YEARS),
        truth=truth,
        mapped=truth,
        covered={flux: np.array([[True, True, True, False]]) for flux in TARGET_FLUXES},
        applicable=ones > 0,
        weights=ones,
        cell=np.arange(4),
        row=np.zeros(4, int),
        band=np.zeros(4, int),
        disturbed=ones < 0,
        planted_slope=np.zeros(4),
        area={"truth": 1.0, "mapped": 1.0},
        level=0.9,
    )
    attrs = {"pair": [2003, 2005], "first_window": [2003], "second_window": [2005]}
    return both, xr.Dataset(layers, attrs=attrs)


def test_shares_of_what_lies_inside(totals):
    both, change = compare(np.random.default_rng(2))
    table = tabulate_interval_coverage(
        totals, make_tables(totals, miss="DBF"), both, change
    )
    assert list(table.columns) == COVERAGE.names
    assert (table["nominal"] == 0.9).all()
    found = table.set_index(["quantity", "kind", "variable"])
    for quantity in ("total", "change", "window_change"):
        for flux in FLUXES:
            row = found.loc[(quantity, "type", flux)]
            assert row["covered"] == pytest.approx(0.8)
            assert row["n"] == 5 * (len(YEARS) if quantity == "total" else 1)
            assert found.loc[(quantity, "all", flux), "covered"] == 1
    for flux in TARGET_FLUXES:
        assert found.loc[("total", "cell", flux), "covered"] == 0.75
        # 1.64 errors are allowed: none, one and one are inside, two are not.
        assert found.loc[("change", "cell", flux), "covered"] == 0.75
        assert ("slope", "cell", flux) not in found.index
