"""Fluxes and latitudes that do not fit the satellite series of their own tower."""

import numpy as np
import pandas as pd
import pytest

from forestflux.core.calendars.eight_day import STEPS
from forestflux.core.input_errors import InputError
from forestflux.jobs.settings.sample_settings import SampleSettings
from forestflux.prepare.doubtful_series import (
    doubt_series,
    fill_season,
    light_taken_up,
    seasonal_course,
)
from forestflux.prepare.mean_years import average_known
from forestflux.prepare.site_year_selection import build_samples
from forestflux.prepare.tower_series import TowerSeries
from tests.builders.inputs import VARIABLES
from tests.builders.tower_folders import read_towers, tower_folder

DAYS = 8 * np.arange(STEPS) + 4
# Summer of the north, from -1 in the middle of January to 1 in the middle of July.
SUMMER = -np.cos(2 * np.pi * (DAYS - 15) / 365)


def series_of(*, mean=283.0, wave=10.0, greenness=0.35, years=2):
    """Series of a tower's years in the order of the inputs; only these three are looked at."""
    warmth = mean + wave * SUMMER
    values = dict.fromkeys(VARIABLES, np.zeros(STEPS))
    values |= {"evi": np.full(STEPS, greenness), "lst_day": warmth, "lst_night": warmth}
    one = np.stack([values[name] for name in VARIABLES]).astype("float32")
    return np.repeat(one[None], years, axis=0)


def rows_of(*, lat=51.0, gpp=1500.0, igbp="ENF", years=2):
    table = {"site": "F0", "lat": lat, "igbp": igbp, "gpp": gpp}
    return pd.DataFrame([table] * years)


def doubts(*, table=None, series=None):
    table = rows_of() if table is None else table
    series = series_of() if series is None else series
    return doubt_series(table, series, VARIABLES)


def test_a_forest_with_its_own_series_is_no_doubt():
    assert doubts() == []


@pytest.mark.parametrize(
    ("factor", "unit"),
    [
        (1 / 1000, "kgC m-2 yr-1"),
        (1 / 100, "tC ha-1 yr-1"),
        (44 / 12, "gCO2 m-2 yr-1"),
        (1000, "mgC m-2 yr-1"),
    ],
)
def test_gpp_in_another_unit_is_named_with_the_likely_one(factor, unit):
    (doubt,) = doubts(table=rows_of(gpp=1500.0 * factor))
    assert doubt.variable == "gpp"
    assert "gC m-2 yr-1, a median of" in doubt.expected
    assert doubt.found.endswith(f"at F0 ({unit}?)")


def test_a_desert_beside_its_series_is_no_doubt_but_kgc_is():
    series = series_of(mean=298.0, greenness=0.12)
    desert = rows_of(lat=36.8, gpp=40.0, igbp="OSH")
    assert doubts(table=desert, series=series) == []
    (doubt,) = doubts(table=desert.assign(gpp=0.04), series=series)
    assert "kgC" in doubt.found


@pytest.mark.parametrize(
    ("lat", "mean", "wave"),
    [
        (13.6, 283.0, 10.0),  # Germany, latitude and longitude exchanged
        (-55.0, 300.0, 0.3),  # the Amazon, exchanged
        (-51.0, 283.0, 10.0),  # the sign of the latitude lost
    ],
)
def test_a_latitude_with_other_seasons_is_named(lat, mean, wave):
    found = doubts(table=rows_of(lat=lat), series=series_of(mean=mean, wave=wave))
    assert found[0].variable == "lat"
    assert "lat and lon exchanged, or a sign lost?" in found[0].found


@pytest.mark.parametrize(
    ("lat", "mean", "wave"),
    [
        (-37.4, 287.0, -5.5),
        (5.3, 302.0, 0.4),
        (-14.0, 301.0, -2.6),
        (62.0, 265.0, 32.0),
    ],
)
def test_seasons_of_its_own_latitude_are_no_doubt(lat, mean, wave):
    found = doubts(table=rows_of(lat=lat), series=series_of(mean=mean, wave=wave))
    assert [doubt for doubt in found if doubt.variable == "lat"] == []


def test_little_known_is_no_doubt():
    series = series_of()
    series[:, :, 5:] = np.nan
    assert doubts(table=rows_of(lat=-51.0, gpp=1.0), series=series) == []
    assert doubt_series(rows_of(gpp=1.0), series_of()[:, :2], VARIABLES[:2]) == []


def test_gaps_are_filled_round_the_year():
    values = np.full(STEPS, np.nan)
    values[[1, 44]] = [3.0, 0.0]
    filled = fill_season(values)
    np.testing.assert_allclose(filled[[44, 45, 0, 1]], [0.0, 1.0, 2.0, 3.0])
    years = np.stack([values, values + 1])[:, None]
    np.testing.assert_allclose(average_known(years, axis=(0, 1))[[1, 44]], [3.5, 0.5])


def test_light_grows_with_greenness_and_warmth_and_cold_stops_it():
    warm, green = np.full(STEPS, 290.0), np.full(STEPS, 0.4)
    light = light_taken_up(green, warm, 45.0)
    assert light_taken_up(green / 2, warm, 45.0) < light
    assert light_taken_up(green, warm - 20, 45.0) < light
    assert light_taken_up(green, warm - 40, 45.0) == 0


def test_the_course_of_the_seasons_is_half_the_range_and_positive_in_the_north():
    assert seasonal_course(280 + 9 * SUMMER) == pytest.approx(9)
    assert seasonal_course(280 - 9 * SUMMER) == pytest.approx(-9)


def test_samples_are_refused_until_the_tower_is_confirmed(tmp_path):
    """The job that builds samples asks; quality and plausibility come first."""
    sites, site_years = read_towers(tower_folder(tmp_path, forest=6, other=2))
    keys = site_years[["site", "year"]].merge(sites[["site", "lat"]], on="site")
    wave = np.where(keys["lat"] >= 0, 1, -1) * 8 * np.minimum(1, abs(keys["lat"]) / 30)
    series = np.concatenate([series_of(wave=w, years=1) for w in wave])
    towers = TowerSeries(keys, series, VARIABLES)
    fluxes = site_years[["gpp", "nee", "reco"]]
    in_co2 = fluxes.where(site_years["site"] != "F3", fluxes * 44 / 12)
    wrong = site_years.assign(**in_co2)

    def build(table, confirmed=()):
        return build_samples(
            table,
            sites,
            towers,
            settings=SampleSettings(),
            holdout=[],
            confirmed=confirmed,
            folds_count=2,
            seed=1,
        )

    build(site_years)
    with pytest.raises(InputError, match=r"gpp: .* F3 .gCO2.*add F3 to towers.conf"):
        build(wrong)
    table, _ = build(wrong, confirmed=["F3"])
    assert table.loc[table["site"] == "F3", "used"].all()
    poor = wrong.assign(nee_qc=np.where(wrong["site"] == "F3", 0.3, wrong["nee_qc"]))
    assert not build(poor)[0].set_index("site").loc["F3", "used"].any()
