"""Effects of departures: worked by hand, they sum to the change, what is cut off is apart."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from forestflux.change.drivers.departure_effects import (
    attribute_change,
    driver_names,
    find_common_forest,
)
from forestflux.models.years.response import Response
from tests.builders.inputs import VARIABLES
from tests.builders.tile_stores import make_members, write_tile_years

MEMBERS, SHAPE = 3, (4, 5)
PAIR = (2003, 2018)
MAPPED = (2003, 2010, 2018)
BARE, CLEARED = (0, 0), (3, 4)  # cells: never forest; not forest in the second year
RESPONSE = make_members(
    np.random.default_rng(1).normal(0, 60, (MEMBERS, 2, len(VARIABLES))), scale=2.0
)


def build_years(folder, *, least):
    """A tile in all mapped years, with fluxes of at least so much."""
    rng = np.random.default_rng(3)
    inferred = {}
    for year in MAPPED:
        layers = {}
        for name in ("gpp", "reco"):
            values = rng.uniform(least, least + 900, (MEMBERS, *SHAPE))
            values[:, *BARE] = np.nan
            if year == PAIR[1]:
                values[:, *CLEARED] = np.nan
            layers[name] = ("member", "y", "x"), values.astype("float32")
        coords = {
            "member": np.arange(MEMBERS),
            "y": 50.0 - np.arange(SHAPE[0]),
            "x": 7.0 + np.arange(SHAPE[1]),
        }
        inferred[year] = xr.Dataset(layers, coords, {"year": year})
    departure = rng.normal(0, 2, (len(MAPPED), len(VARIABLES), *SHAPE))
    return write_tile_years(folder, inferred, departure, response=RESPONSE)


def load_pair(years):
    """Fluxes and departures of the pair."""
    return [years[year].load() for year in PAIR]


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Years in which no flux comes near zero."""
    return load_pair(build_years(tmp_path_factory.mktemp("tile"), least=3000))


@pytest.fixture(scope="module")
def low(tmp_path_factory):
    """Years in which fluxes are cut off at zero."""
    return load_pair(build_years(tmp_path_factory.mktemp("low"), least=-300))


def change(years, flux):
    """Change of a flux (member, y, x), float64."""
    first, second = (year[flux].values.astype(float) for year in years)
    return second - first


def one_cell(gpp, reco, *, heat, dry):
    layers = {"gpp": [[[gpp]]], "reco": [[[reco]]]}
    departure = np.array([[[heat]], [[dry]]], "float32")
    return xr.Dataset(
        {n: (("member", "y", "x"), np.array(v, "float32")) for n, v in layers.items()}
        | {"departure": (("variable", "y", "x"), departure)},
        {"member": [0], "variable": ["heat", "dry"], "y": [50.0], "x": [7.0]},
    )


def test_effects_worked_by_hand():
    """Heat 3 more, that is 1.5 of its scale; dry 2 less, that is 0.5 of its scale."""
    coefficients = np.array([[10.0, -4.0], [6.0, 20.0]])
    response = Response(
        scale=np.array([2.0, 4.0]),
        coefficients=coefficients,
        penalty=np.ones(2),
        members=coefficients[None],
        covariance=np.zeros((2, 2, 2, 2)),
    )
    years = (
        one_cell(1000, 800, heat=-1, dry=1),
        one_cell(1017, 816, heat=2, dry=-1),
    )
    found = attribute_change(years, response)
    assert found["driver"].values.tolist() == ["heat", "dry", "interaction"]
    assert found["gpp_effect"].values.ravel().tolist() == [15, 2, 0]
    # NEE: 9 and -10; RECO is GPP + NEE.
    assert found["reco_effect"].values.ravel().tolist() == [24, -8, 0]


def test_effects_sum_to_the_change(pair, low):
    """Of each member, GPP and RECO, where fluxes are cut off too."""
    for years in (pair, low):
        effects = attribute_change(years, RESPONSE)
        common = find_common_forest(years)
        for name in ("gpp", "reco"):
            whole = change(years, name)
            assert (np.abs(whole[:, common]) > 50).any()
            np.testing.assert_allclose(
                effects[f"{name}_effect"].astype(float).sum("driver").values[:, common],
                whole[:, common],
                atol=1e-3,
            )


def test_each_effect_is_the_response_to_that_input_alone(pair):
    """As if the others had not departed from their mean year at all."""
    first, second = (year["departure"] for year in pair)
    effects = attribute_change(pair, RESPONSE)
    cell = (2, 1)
    step = (second.values - first.values)[:, *cell]
    for number, name in enumerate(VARIABLES):
        alone = np.zeros(len(VARIABLES))
        alone[number] = step[number]
        gpp, nee = RESPONSE.predict_members(alone[None])[:, :, 0].T
        of_input = effects.sel(driver=name)
        np.testing.assert_allclose(
            of_input["gpp_effect"].values[:, *cell], gpp, rtol=1e-5
        )
        np.testing.assert_allclose(
            of_input["reco_effect"].values[:, *cell], gpp + nee, rtol=1e-4
        )


def test_order_of_inputs_is_irrelevant(low):
    order = [4, 0, 5, 2, 1, 3]
    turned = replace(
        RESPONSE,
        scale=RESPONSE.scale[order],
        coefficients=RESPONSE.coefficients[:, order],
        members=RESPONSE.members[:, :, order],
    )
    wanted = attribute_change(low, RESPONSE)
    found = attribute_change([year.isel(variable=order) for year in low], turned)
    names = found["driver"].values.tolist()
    assert names == [*(VARIABLES[place] for place in order), "interaction"]
    assert names == list(driver_names([VARIABLES[place] for place in order]))
    again = found.sel(driver=wanted["driver"].values)
    xr.testing.assert_allclose(again, wanted, rtol=1e-5, atol=1e-3)


def test_the_way_back_has_the_opposite_effects(low):
    there = attribute_change(low, RESPONSE)
    back = attribute_change(low[::-1], RESPONSE)
    for name in ("gpp_effect", "reco_effect"):
        np.testing.assert_allclose(back[name], -there[name], atol=1e-3)


def test_interaction_is_only_what_is_cut_off(pair, low):
    """Nothing but rounding where fluxes stay positive in both years."""
    apart = attribute_change(pair, RESPONSE).sel(driver="interaction")
    assert float(np.abs(apart["gpp_effect"]).max()) < 1e-3
    assert float(np.abs(apart["reco_effect"]).max()) < 1e-3
    apart = attribute_change(low, RESPONSE).sel(driver="interaction")
    for name in ("gpp", "reco"):
        first, second = (year[name].values for year in low)
        left = np.abs(apart[f"{name}_effect"].values)
        free = (first > 0) & (second > 0)
        cut = np.isfinite(first + second) & ((first == 0) ^ (second == 0))
        assert free.sum() > 10
        assert cut.sum() > 10
        assert (left[free] < 1e-3).all()
        assert (left[cut] > 1e-3).all()


def test_interaction_worked_by_hand():
    """A flux of 20 that would fall by 50 falls by 20: 30 are left over."""
    response = make_members([[[-25.0, 0.0], [25.0, 0.0]]])
    years = one_cell(20, 500, heat=0, dry=0), one_cell(0, 500, heat=2, dry=0)
    found = attribute_change(years, response)
    assert found["gpp_effect"].values.ravel().tolist() == [-50, 0, 30]
    assert found["reco_effect"].values.ravel().tolist() == [0, 0, 0]


def test_cells_of_only_one_year_have_no_effects(pair):
    common = np.ones(SHAPE, bool)
    common[BARE] = common[CLEARED] = False
    np.testing.assert_array_equal(find_common_forest(pair), common)
    effects = attribute_change(pair, RESPONSE)
    for effect in effects.values():
        assert effect.dims == ("driver", "member", "y", "x")
        assert effect.dtype == np.float32
        known = np.isfinite(effect.values)
        np.testing.assert_array_equal(known, np.broadcast_to(common, known.shape))
