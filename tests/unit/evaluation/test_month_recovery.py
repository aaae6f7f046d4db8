"""Months of maps against a truth, with errors that are planted."""

import numpy as np
import pytest
import xarray as xr

from forestflux.core.grids.grid import Grid
from forestflux.core.input_errors import InputError
from forestflux.core.names import FOREST_TYPES
from forestflux.evaluation.months.month_recovery import (
    MONTH_RECOVERY,
    score_month_recovery,
)
from forestflux.jobs.stores.store import write_store
from tests.builders.month_products import make_months
from tests.builders.year_products import make_map

GRID = Grid(resolution_deg=15.0, tile_cells=12)
YEARS = (2003, 2004)


def write_sides(folder, *, change):
    """Stores of both sides by year; the truth is the months, changed."""
    sides = {"months": {}, "truth": {}, "maps": {}}
    for year in YEARS:
        mapped = make_map(GRID, year=year, seed=1)
        months = make_months(mapped, GRID, seed=year)
        truth = xr.Dataset({n: change(n, months[n]) for n in ("gpp", "reco")})
        for name, dataset in (("months", months), ("truth", truth), ("maps", mapped)):
            sides[name][year] = folder / f"{name}{year}.zarr"
            write_store(dataset, sides[name][year])
    return sides.values()


def test_a_perfect_map_scores_one_everywhere(tmp_path):
    sides = write_sides(tmp_path, change=lambda name, layer: layer)
    table = score_month_recovery(*sides)
    assert list(table) == MONTH_RECOVERY.names
    assert set(table["subset"]) == {"all", *(f"igbp={name}" for name in FOREST_TYPES)}
    np.testing.assert_allclose(table[["r2", "r2_season"]], 1, atol=1e-6)
    np.testing.assert_allclose(table[["rmse", "peak_error"]], 0, atol=1e-3)
    bounded = table[table["target"] != "reco"]
    np.testing.assert_allclose(bounded["covered"], 1)
    assert table.loc[table["target"] == "reco", "covered"].isna().all()
    parts = table[table["subset"] != "all"].groupby("target")["n"].sum()
    whole = table[table["subset"] == "all"].set_index("target")["n"]
    assert parts.to_dict() == whole.to_dict()


def test_an_error_of_one_flux_is_that_of_nee_too(tmp_path):
    sides = write_sides(
        tmp_path, change=lambda name, layer: layer + (10.0 if name == "gpp" else 0.0)
    )
    found = score_month_recovery(*sides).set_index(["target", "subset"])
    for target, rmse in (("gpp", 10.0), ("nee", 10.0), ("reco", 0.0)):
        assert found.loc[(target, "all"), "rmse"] == pytest.approx(rmse, abs=1e-3)
        # The same error in every month is none of the course of the season.
        assert found.loc[(target, "all"), "r2_season"] == pytest.approx(1, abs=1e-5)


def test_years_that_one_side_lacks_stop_with_one_line(tmp_path):
    months, truth, maps = write_sides(tmp_path, change=lambda name, layer: layer)
    with pytest.raises(InputError, match=r"expected those of the maps, .2003, 2004"):
        score_month_recovery(months, {2003: truth[2003]}, maps)
