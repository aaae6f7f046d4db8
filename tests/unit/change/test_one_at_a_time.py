"""Counterfactual runs: effects that can be worked by hand, and parts that sum."""

from itertools import permutations

import numpy as np
import pytest
import xarray as xr

from forestflux.change.drivers.one_at_a_time import attribute_change, driver_names
from forestflux.core.eight_day import STEPS, step_starts
from forestflux.core.errors import InputError
from forestflux.jobs.store import load_store, write_store
from forestflux.prepare.masked_series import forest_series
from tests.builders.inputs import UNITS, VARIABLES

TYPES = ([[1, 0, 2], [2, 5, 3]], [[1, 0, 2], [4, 5, 0]])


class Additive:
    """Fluxes that are sums: an input's effect is its own difference, nothing interacts."""

    inputs = UNITS

    def __init__(self) -> None:
        self.cells: list[int] = []

    def predict_arrays(self, series, lat, forest_type):
        self.cells.append(len(series))
        gpp = series[:, :, 0] @ (10.0 ** np.arange(len(VARIABLES))) + 1000 * forest_type
        reco = 2 * series[:, 0, -1] + lat
        return np.stack([gpp, 3 * gpp]), np.stack([reco, reco + 1])


class Product(Additive):
    """Fluxes of three inputs that multiply; no other input counts."""

    def predict_arrays(self, series, lat, forest_type):
        gpp = (series[:, 0, 0] * series[:, 1, 0] * series[:, 2, 0])[None]
        return gpp, np.zeros_like(gpp)


def masked(year: int) -> xr.Dataset:
    """Variable v holds v + cell / 10 in 2003; the second year is 1, 2, ... more."""
    later = year > 2003
    cells = np.arange(6).reshape(2, 3)
    series = {
        name: (
            ("time", "y", "x"),
            np.broadcast_to(
                position + cells / 10 + later * (position + 1), (STEPS, 2, 3)
            ).astype("float32"),
            {"units": UNITS[name]},
        )
        for position, name in enumerate(VARIABLES)
    }
    types = np.array(TYPES[int(later)], "uint8")
    return xr.Dataset(
        {
            **series,
            "gap_fraction": (("variable", "y", "x"), np.zeros((6, 2, 3))),
            "forest_fraction": (("y", "x"), np.where(types > 0, 0.5, 0.0)),
            "forest_type": (("y", "x"), types),
        },
        coords={"time": step_starts(year), "y": [50.5, 49.5], "x": [7.5, 8.5, 9.5]},
    )


def estimated(year: xr.Dataset, model) -> xr.Dataset:
    """What infer makes of a year: fluxes of its forest cells, in double precision."""
    forest = year["forest_type"].values > 0
    lat = np.broadcast_to(year["y"].values[:, None], forest.shape)[forest]
    types = year["forest_type"].values[forest].astype(int)
    pair = model.predict_arrays(
        forest_series(year, forest, variables=VARIABLES), lat, types
    )
    store = xr.Dataset(coords={"y": year["y"], "x": year["x"]})
    for name, flux in zip(("gpp", "reco"), pair, strict=True):
        tile = np.full((len(flux), *forest.shape), np.nan)
        tile[:, forest] = flux
        store[name] = ("member", "y", "x"), tile
    return store


def pair_of_years(model):
    """Mask stores and infer stores of 2003 and 2018."""
    years = masked(2003), masked(2018)
    return years, tuple(estimated(year, model) for year in years)


def run(model) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:
    """Infer stores of both years, and the counterfactual store."""
    years, inferred = pair_of_years(model)
    return *inferred, attribute_change(years, inferred, model)


def test_effects_of_a_sum_are_the_inputs_own_differences():
    *_, effects = run(Additive())
    here = effects["gpp_effect"].isel(member=0).sel(y=50.5, x=7.5)
    own = [(position + 1) * 10.0**position for position in range(6)]
    np.testing.assert_allclose(here, [*own, 0, 0], atol=0.1)
    respired = effects["reco_effect"].isel(member=1).sel(y=50.5, x=7.5)
    np.testing.assert_allclose(respired, [2, 0, 0, 0, 0, 0, 0, 0], atol=1e-5)


def test_a_changed_forest_type_is_a_driver_of_its_own():
    *_, effects = run(Additive())
    of_type = effects["gpp_effect"].sel(driver="type").values
    assert of_type[0, 1, 0] == pytest.approx(2000, abs=0.1)
    assert of_type[1, 1, 0] == pytest.approx(6000, abs=0.1)
    assert (of_type[:, 0, 0] == 0).all()


def test_an_effect_is_the_mean_of_going_first_and_going_last():
    *_, effects = run(Product())
    before, after = np.array([0.0, 1.0, 2.0]) + 0.4, np.array([1.0, 3.0, 5.0]) + 0.4
    wanted = []
    for one in range(3):
        first, last = before.copy(), after.copy()
        first[one], last[one] = after[one], before[one]
        alone = first.prod() - before.prod()
        wanted.append((alone + after.prod() - last.prod()) / 2)
    whole = after.prod() - before.prod()
    here = effects["gpp_effect"].isel(member=0).sel(y=49.5, x=8.5)
    np.testing.assert_allclose(here[:3], wanted, rtol=1e-5)
    np.testing.assert_allclose(here[3:7], 0, atol=1e-5)
    assert float(here[-1]) == pytest.approx(whole - sum(wanted), rel=1e-4)
    assert abs(float(here[-1])) > 0.1
    # Between the smallest and the largest that any order of the three gives.
    orders = []
    for order in permutations(range(3)):
        now, gains = before.copy(), np.zeros(3)
        for one in order:
            known = now.prod()
            now[one] = after[one]
            gains[one] = now.prod() - known
        orders.append(gains)
    assert (np.min(orders, axis=0) <= here[:3].values + 1e-5).all()
    assert (here[:3].values <= np.max(orders, axis=0) + 1e-5).all()


@pytest.mark.parametrize("model", [Additive, Product])
def test_drivers_sum_to_the_difference_of_the_years(model):
    before, after, effects = run(model())
    for flux in ("gpp", "reco"):
        change = (after[flux] - before[flux]).values
        parts = effects[f"{flux}_effect"].sum("driver", skipna=False).values
        np.testing.assert_allclose(parts, change, rtol=1e-5)


def test_only_cells_that_are_forest_in_both_years_have_effects():
    before, after, effects = run(Additive())
    both = np.isfinite(before["gpp"]) & np.isfinite(after["gpp"])
    assert both.values[0].sum() == 4
    for name in ("gpp_effect", "reco_effect"):
        assert effects[name].dims == ("driver", "member", "y", "x")
        assert (np.isfinite(effects[name]) == both).all()


def test_a_variable_costs_two_runs_and_the_type_only_where_it_changed():
    model = Additive()
    years, inferred = pair_of_years(model)
    model.cells.clear()
    attribute_change(years, inferred, model)
    assert model.cells == [4] * 12 + [1, 1]


def test_gaps_are_swapped_with_their_series():
    class Gaps(Additive):
        def predict_arrays(self, series, lat, forest_type):
            gpp = np.isnan(series).sum(axis=(1, 2)).astype(float)[None]
            return gpp, gpp

    years = masked(2003), masked(2018)
    years[1]["et"][5:12] = np.nan
    inferred = tuple(estimated(year, Gaps()) for year in years)
    effects = attribute_change(years, inferred, Gaps())
    here = effects["gpp_effect"].isel(member=0).sel(y=50.5, x=7.5)
    assert dict(zip(driver_names(VARIABLES), here.values, strict=True))["et"] == 7
    assert float(here.sum()) == 7


def test_from_store_to_store(tmp_path):
    *_, effects = run(Additive())
    write_store(effects.copy(), tmp_path / "r00c00.zarr")
    stored = load_store(tmp_path / "r00c00.zarr")
    xr.testing.assert_equal(stored["gpp_effect"], effects["gpp_effect"])
    assert stored["driver"].values.tolist() == list(driver_names(VARIABLES))


def test_a_model_without_an_answer_is_an_error():
    class Broken(Additive):
        def predict_arrays(self, series, lat, forest_type):
            gpp, reco = super().predict_arrays(series, lat, forest_type)
            # NDVI of the second year with EVI of the first is what it cannot do.
            gpp[:, series[:, 0, 0] - series[:, 1, 0] > -0.5] = np.nan
            return gpp, reco

    years = masked(2003), masked(2018)
    *inferred, _ = run(Additive())
    with pytest.raises(InputError, match="expected finite ones from the model"):
        attribute_change(years, tuple(inferred), Broken())
