"""The response is what years of one place do differently, not what places do."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from forestflux.core.calendars.radiation import radiation
from forestflux.models.years.response import (
    PENALTIES,
    Response,
    choose_penalty,
    find_mean_years,
    fit_response,
    measure_sample_departures,
    select_teaching_rows,
    solve_ridge,
)
from forestflux.prepare.departures import measure_departures
from forestflux.prepare.sample_table import Samples

QUALITY = {"min_quality": 0.8}
VARIABLES = ("heat", "dry")
# gC m-2 yr-1 by unit of each variable, within sites: GPP, then NEE.
PLANTED = np.array([[300.0, -200.0], [-100.0, 150.0]])


def constant_years(values):
    """Series (sample, variable, step) that keep one value (sample, variable) all year."""
    return np.repeat(np.asarray(values, "float32")[:, :, None], 46, axis=2)


def plant(rng, *, noise=10.0, sites=40, years=6):
    """Samples whose fluxes fall with the level of their site and rise with heat in time."""
    level = rng.normal(0, 3, (sites, 1, 2))
    values = level + rng.normal(0, 1, (sites, years, 2))
    departure = values - values.mean(axis=1, keepdims=True)
    shape = (sites, years, 2)
    fluxes = departure @ PLANTED.T - 2 * level @ PLANTED.T + rng.normal(0, noise, shape)
    names = np.repeat([f"S{number:02d}" for number in range(sites)], years)
    table = pd.DataFrame({"site": names})
    table["cluster"] = np.repeat(np.arange(sites) // 2, years)
    table["lat"] = np.repeat(rng.uniform(-60, 70, sites), years)
    table["forest"], table["nee_qc"] = True, 0.9
    table[["gpp", "nee"]] = fluxes.reshape(-1, 2)
    return Samples(constant_years(values.reshape(-1, 2)), table, VARIABLES)


@pytest.fixture(scope="module")
def samples():
    return plant(np.random.default_rng(0))


@pytest.fixture(scope="module")
def departures(samples):
    return measure_sample_departures(samples)


def slopes(response):
    """Change of GPP and NEE (target, regressor) by one unit of each regressor."""
    return response.predict(np.eye(response.scale.size))


def assert_no_response(response):
    assert np.isinf(response.penalty).all()
    assert (response.scale == 1).all()
    np.testing.assert_array_equal(slopes(response), 0)


def test_response_is_that_of_years_where_places_show_the_opposite(samples, departures):
    found = fit_response(departures, samples.table, **QUALITY)
    np.testing.assert_allclose(slopes(found), PLANTED, rtol=0.05)
    # The trap: who compares places finds each of the four effects with the wrong sign.
    fluxes = samples.table[["gpp", "nee"]]
    pooled = LinearRegression().fit(samples.series[:, :, 0], fluxes).coef_
    assert (pooled * PLANTED < 0).all()


def test_prediction_is_a_sum_over_departures_in_their_units():
    coefficients = np.array([[10.0, 1.0], [-4.0, 3.0]])
    response = Response(
        scale=np.array([2.0, 0.5]),
        coefficients=coefficients,
        penalty=np.array([3.0, np.inf]),
        members=np.stack([2 * coefficients, 0 * coefficients]),
        covariance=np.arange(16.0).reshape(2, 2, 2, 2),
    )
    departures, wanted = np.array([[4.0, 0.0], [2.0, -1.0]]), [[20, 8], [-8, -10]]
    np.testing.assert_allclose(response.predict(departures), wanted)
    members = response.predict_members(departures)
    np.testing.assert_allclose(members, [2 * np.array(wanted), np.zeros((2, 2))])
    text = json.dumps(response.to_dict(), allow_nan=False)
    again = Response.from_dict(json.loads(text))
    for name, values in vars(response).items():
        np.testing.assert_array_equal(getattr(again, name), values)


def test_weak_evidence_is_shrunk_and_strong_evidence_is_not(samples, departures):
    """Both penalties are those of the rows: a few noisy years ask for a larger one."""
    table = samples.table
    strong = fit_response(departures, table, **QUALITY)
    rng = np.random.default_rng(1)
    noisy = table.assign(gpp=table["gpp"] + rng.normal(0, 3000, len(table)))
    weak = fit_response(departures, noisy, **QUALITY)
    assert strong.penalty[0] == PENALTIES[0]
    assert weak.penalty[0] > 10 * strong.penalty[0]
    assert weak.penalty[1] == strong.penalty[1]
    np.testing.assert_allclose(slopes(weak)[1], slopes(strong)[1])


@pytest.mark.parametrize("seed", range(4))
def test_noise_teaches_next_to_nothing(samples, departures, seed):
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 100, (2, len(samples)))
    table = samples.table.assign(gpp=noise[0], nee=noise[1])
    found = fit_response(departures, table, **QUALITY)
    assert (found.penalty >= 100).all()
    assert found.predict(departures).std(axis=1).max() < 0.15 * noise.std()


def test_penalty_is_chosen_at_clusters_that_did_not_teach():
    """Rows that have a twin in their cluster could be recognised, but tell nothing else."""
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(25), 4)
    regressors = rng.normal(0, 1, (25, 30))[clusters]
    observed = rng.normal(0, 1, 25)[clusters]
    alone = np.arange(len(clusters))
    assert choose_penalty(regressors, observed, clusters) >= 100
    assert choose_penalty(regressors, observed, alone) == PENALTIES[0]


def test_ridge_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    regressors, observed = rng.normal(0, 1, (30, 4)), rng.normal(0, 1, 30)
    wanted = Ridge(alpha=7.0, fit_intercept=False).fit(regressors, observed).coef_
    np.testing.assert_allclose(solve_ridge(regressors, observed, 7.0), wanted)
    np.testing.assert_array_equal(solve_ridge(regressors, observed, np.inf), 0)


def test_members_are_as_unsure_as_the_rows_leave_them(samples):
    """Their mean is the response; its distance to the truth is what their spread says."""
    few = samples.take(np.flatnonzero(samples.table["site"] < "S10"))
    rng = np.random.default_rng(3)
    misses, spreads = [], []
    for seed in range(60):
        departures = rng.normal(0, 1, (len(few), 2))
        noise = rng.normal(0, 300, (len(few), 2))
        table = few.table.copy()
        table[["gpp", "nee"]] = departures @ PLANTED.T + noise
        found = fit_response(departures, table, **QUALITY, members=40, seed=seed)
        np.testing.assert_allclose(found.members.mean(axis=0), found.coefficients)
        misses.append(slopes(found) - PLANTED)
        members = found.predict_members(np.eye(2))
        spreads.append(members.std(axis=0, ddof=1))
    # Of GPP, whose response is not shrunk away in any of the draws.
    miss = np.sqrt(np.square(misses).mean(axis=0))[0]
    spread = np.sqrt(np.square(spreads).mean(axis=0))[0]
    assert (spread / miss > 0.6).all()
    assert (spread / miss < 1.5).all()


def test_same_seed_same_members(samples, departures):
    def members(seed, count=3):
        found = fit_response(
            departures, samples.table, **QUALITY, members=count, seed=seed
        )
        return found.members

    np.testing.assert_array_equal(members(1), members(1))
    assert (members(1) != members(2)).all()
    only = fit_response(departures, samples.table, **QUALITY)
    np.testing.assert_array_equal(members(1, count=1), only.coefficients[None])


def test_fewer_than_two_clusters_give_no_response(samples, departures):
    one = samples.table.assign(cluster=7)
    found = fit_response(departures, one, **QUALITY)
    assert np.isinf(found.penalty).all()
    np.testing.assert_array_equal(found.predict(departures), 0)
    two = one.assign(cluster=np.where(one["site"] < "S20", 7, 8))
    np.testing.assert_allclose(
        slopes(fit_response(departures, two, **QUALITY)), PLANTED, rtol=0.05
    )


def test_no_site_with_two_good_years_gives_no_response(samples, departures):
    first = ~samples.table.duplicated("site").to_numpy()
    quality = np.where(first, 0.9, 0.5)
    poor = samples.table.assign(nee_qc=quality)
    assert_no_response(fit_response(departures, poor, **QUALITY))
    assert_no_response(fit_response(departures[first], samples.table[first], **QUALITY))
    assert_no_response(fit_response(departures[:0], samples.table[:0], **QUALITY))


def test_rows_that_teach():
    columns = ["site", "forest", "nee_qc", "teaches"]
    rows = [
        ("a", True, 0.8, True),
        ("a", True, 0.79, False),
        ("a", True, 1.0, True),
        ("b", True, 0.9, False),  # the only good year of its site
        ("b", True, np.nan, False),
        ("c", False, 0.9, False),
        ("c", False, 0.9, False),
    ]
    table = pd.DataFrame(rows, columns=columns)
    found = select_teaching_rows(table, min_quality=0.8)
    assert found.tolist() == table["teaches"].tolist()


def test_poor_years_and_other_biomes_do_not_teach(samples, departures):
    table = samples.table.copy()
    poor = table.index.to_numpy() % 6 == 2
    other = table["site"].isin(["S03", "S04"]).to_numpy()
    table.loc[poor, "nee_qc"] = 0.79
    table.loc[other, "forest"] = False
    table.loc[poor | other, ["gpp", "nee"]] = 1e6
    moved = np.where((poor | other)[:, None], 1e3, departures)
    kept = ~(poor | other)
    wanted = fit_response(departures[kept], table[kept], **QUALITY)
    found = fit_response(moved, table, **QUALITY)
    np.testing.assert_array_equal(found.scale, wanted.scale)
    np.testing.assert_array_equal(found.coefficients, wanted.coefficients)
    np.testing.assert_allclose(slopes(found), PLANTED, rtol=0.05)


def test_constant_of_a_site_changes_nothing(samples, departures):
    """In the inputs and in the fluxes."""
    table, series = samples.table.copy(), samples.series.copy()
    own = (table["site"] == "S05").to_numpy()
    series[own] += np.array([[8.0], [-4.0]], "float32")
    table.loc[own, "gpp"] += 5000
    table.loc[own, "nee"] -= 3000
    moved = measure_sample_departures(Samples(series, table, VARIABLES))
    np.testing.assert_allclose(moved, departures, atol=1e-5)
    found = fit_response(moved, table, **QUALITY)
    wanted = fit_response(departures, samples.table, **QUALITY)
    np.testing.assert_allclose(slopes(found), slopes(wanted), atol=0.01)
    # Added to departures as well: of the rows that teach, only differences count.
    shifted = departures + np.where(own, 3.0, 0.0)[:, None]
    found = fit_response(shifted, table, **QUALITY)
    np.testing.assert_allclose(slopes(found), slopes(wanted), atol=0.01)


def test_order_of_rows_does_not_matter(samples, departures):
    order = np.random.default_rng(2).permutation(len(samples))
    mixed = samples.take(order)
    found = measure_sample_departures(mixed)
    np.testing.assert_allclose(found, departures[order], atol=1e-6)
    one = fit_response(departures, samples.table, **QUALITY)
    other = fit_response(departures[order], mixed.table, **QUALITY)
    np.testing.assert_array_equal(other.penalty, one.penalty)
    np.testing.assert_allclose(slopes(other), slopes(one))


def test_variable_that_never_departs_has_no_effect(samples, departures):
    still = np.column_stack([departures, np.zeros(len(departures))])
    found = fit_response(still, samples.table, **QUALITY)
    assert found.scale[2] == 1
    np.testing.assert_array_equal(slopes(found)[:, 2], 0)
    np.testing.assert_allclose(slopes(found)[:, :2], PLANTED, rtol=0.05)


def test_departure_is_the_difference_from_the_mean_year_of_the_site():
    series = constant_years([[1.0, 5.0], [30.0, 7.0], [3.0, 5.0], [5.0, 5.0]])
    table = pd.DataFrame({"site": ["a", "b", "a", "a"], "lat": [50.0, -20, 50, 50]})
    found = measure_sample_departures(Samples(series, table, VARIABLES))
    np.testing.assert_allclose(found, [[-2, 0], [0, 0], [0, 0], [2, 0]], atol=1e-12)


def test_departures_count_with_the_light():
    """In polar night they count nothing, and in January more in the south."""
    lat = np.array([75.0, 0.0, -50.0])
    light = radiation(lat)
    mean = np.zeros((3, 2, 46), "float32")
    night, january = light[0] == 0, np.arange(46) < 4
    assert 5 < night.sum() < 20
    series = mean.copy()
    series[:, 0, night], series[:, 1, january] = 10.0, 1.0
    found = measure_departures(series, mean, lat)
    assert found[0, 0] == 0
    np.testing.assert_allclose(
        found[1:, 0], 10 * light[1:, night].sum(axis=1) / light[1:].sum(axis=1)
    )
    assert found[2, 1] > 4 / 46 > found[0, 1]
    whole = measure_departures(mean + 1, mean, lat)
    np.testing.assert_allclose(whole, 1)


def test_gaps_count_as_normal():
    """Neither a gap of the year nor one of the mean year is a departure."""
    series = constant_years([[1.0], [3.0], [3.0]])
    series[1, 0, :20] = np.nan
    series[:, 0, 40:] = np.nan
    table = pd.DataFrame({"site": ["a", "a", "b"], "lat": [10.0, 10.0, 10.0]})
    mean = find_mean_years(series, table["site"].to_numpy(str))
    np.testing.assert_array_equal(mean[0, 0, :20], 1)  # of the one year that has them
    np.testing.assert_array_equal(mean[1, 0, 20:40], 2)
    assert np.isnan(mean[:, 0, 40:]).all()
    found = measure_sample_departures(Samples(series, table, ("heat",)))
    light = radiation(np.array([10.0]))[0]
    share = light[20:40].sum() / light.sum()
    np.testing.assert_allclose(found[:, 0], [-share, share, 0])
    nothing = measure_departures(np.full_like(series, np.nan), mean, table["lat"])
    np.testing.assert_array_equal(nothing, 0)
