"""Totals with each effect of CO2 side by side, worked by hand on two cells."""

import numpy as np
import pytest
import xarray as xr
from scipy import sparse

from forestflux.change.co2_comparison import Co2Sums, tabulate_co2
from forestflux.change.strata.groups import Groups
from forestflux.core.names import FLUXES
from forestflux.models.years.co2 import EFFECTS, weigh_years

YEARS = [2003, 2004, 2005]
TEMPERATURE = np.array([5.0, 25.0])
AREA = np.array([1e12, 2e12])
GPP, RECO = np.array([1000.0, 2000.0]), np.array([900.0, 1700.0])
# Strata: all, then the five forest types.
MEMBERSHIP = sparse.csr_array(np.array([[1.0], *[[0.0]] * 5]))
GROUPS = Groups(np.zeros(2, int), MEMBERSHIP, slice(1, 6))


def sum_added(mapped: str, years: list[int] = YEARS) -> np.ndarray:
    """Added totals of maps that have an effect; ENF at 5 degrees C, DBF at 25."""
    sums = Co2Sums(np.array([3, 8]), TEMPERATURE, years=years, mapped=mapped)
    for year in years:
        sums.add(
            year,
            np.array([3, 8]),
            area=AREA,
            group=np.array([0, 3]),
            fluxes=(GPP, RECO),
        )
    return sums.sum_strata(GROUPS)


def test_each_effect_adds_to_maps_without_one():
    added = sum_added("none")
    assert added.shape == (len(EFFECTS), len(FLUXES), len(YEARS), 6)
    for effect, values in zip(EFFECTS, added, strict=True):
        factor = weigh_years(effect, YEARS, TEMPERATURE) - 1
        for flux, level in zip(FLUXES, (GPP, RECO, RECO - GPP), strict=True):
            cells = factor * AREA * level * 1e-15
            own = values[FLUXES.index(flux)]
            np.testing.assert_allclose(own[:, 0], cells.sum(axis=1), atol=1e-12)
            np.testing.assert_allclose(own[:, 1], cells[:, 0], atol=1e-12)
            np.testing.assert_allclose(own[:, 4], cells[:, 1], atol=1e-12)


def test_what_is_mapped_adds_nothing():
    added = dict(zip(EFFECTS, sum_added("theory"), strict=True))
    np.testing.assert_allclose(added["theory"], 0, atol=1e-12)
    np.testing.assert_allclose(added["none"], -sum_added("none")[1], atol=1e-12)


def test_years_without_a_known_co2_give_no_numbers():
    assert np.isnan(sum_added("none", [1999, 2000])[:, 0, :, 0]).all()


def test_the_table_has_a_row_for_each_effect():
    strata = ["all", "ENF", "EBF", "DNF", "DBF", "MF"]
    total = np.broadcast_to(
        np.array([1.0, 1.0, 2.0])[:, None, None, None], (3, 3, 6, 2)
    )
    totals = xr.Dataset(
        {"total": (("year", "variable", "stratum", "member"), total)},
        coords={
            "year": YEARS,
            "variable": list(FLUXES),
            "stratum": strata,
            "kind": ("stratum", ["all"] + ["type"] * 5),
        },
    )
    table = tabulate_co2(totals, sum_added("none"), pair=(2003, 2005), kinds=["all"])
    assert len(table) == len(EFFECTS) * len(FLUXES)
    rows = table.set_index(["co2", "variable"])
    assert rows.loc[("none", "gpp"), "change"] == pytest.approx(1)
    growth = rows.loc[("theory", "gpp"), "change"] - 1
    factor = weigh_years("theory", YEARS, TEMPERATURE)
    wanted = ((factor[2] - factor[0]) * AREA * GPP).sum() * 1e-15
    assert growth == pytest.approx(wanted)
    assert rows.loc[("theory", "nee"), "change"] < 1
