"""Error components: what was planted in the errors of towers is found."""

import numpy as np
import pandas as pd
import pytest

from forestflux.core.grids.distances import measure_distances
from forestflux.ensemble.errors.correlogram import LENGTHS_KM, Correlogram
from forestflux.ensemble.errors.error_components import ErrorComponents, FluxErrors
from forestflux.ensemble.errors.error_fitting import fit_errors
from forestflux.jobs.settings.map_settings import UnseenTrend

SITES, YEARS = 150, np.arange(2003, 2013)
TYPES = np.array(["ENF", "EBF", "DBF"])


def make_predictions(
    *,
    level: float = 0.0,
    year: float = 0.0,
    trend: float = 0.0,
    bias: float = 0.0,
    correlation: np.ndarray | None = None,
    autocorrelation: float = 0.0,
    years: np.ndarray = YEARS,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions with planted errors, and the towers.

    `level` and `year` are standard deviations; `bias` is of evergreen broadleaf forest.
    """
    rng = np.random.default_rng(seed)
    towers = make_towers(rng)
    root = np.linalg.cholesky(np.eye(SITES) if correlation is None else correlation)
    of_site = level * root @ rng.standard_normal(SITES)
    of_site += bias * (towers["igbp"] == "EBF").to_numpy()
    single = rng.standard_normal((SITES, len(years)))
    for column in range(1, len(years)):
        fresh = np.sqrt(1 - autocorrelation**2) * single[:, column]
        single[:, column] = autocorrelation * single[:, column - 1] + fresh
    error = of_site[:, None] + year * single + trend * (years - years.mean())
    rows = towers.loc[np.repeat(np.arange(SITES), len(years)), ["site", "igbp"]]
    rows = rows.reset_index(drop=True).assign(year=np.tile(years, SITES), nee_qc=0.9)
    return rows.assign(
        gpp_obs=1000.0,
        gpp_pred=1000.0 + error.ravel(),
        nee_obs=-200.0,
        nee_pred=-200.0 - 2 * error.ravel(),
    ), towers


def make_towers(rng: np.random.Generator) -> pd.DataFrame:
    """Towers over a continent, each a cluster of its own."""
    return pd.DataFrame(
        {
            "site": [f"S{number:03d}" for number in range(SITES)],
            "igbp": rng.choice(TYPES, SITES),
            "lat": rng.uniform(30, 65, SITES),
            "lon": rng.uniform(-10, 60, SITES),
            "cluster": np.arange(SITES),
        }
    )


def fit_all(unseen_trend: UnseenTrend | None = None, **planted: object) -> FluxErrors:
    """The components of all fluxes; GPP is 1000 gC m-2 yr-1."""
    return fit_errors(
        *make_predictions(**planted),
        min_quality=0.8,
        unseen_trend=unseen_trend or UnseenTrend(),
    )


def fit(**planted: object) -> ErrorComponents:
    """The components of GPP."""
    return fit_all(**planted)["gpp"]


def test_components_are_told_apart():
    found = fit(level=150.0, year=60.0)
    for name in TYPES:
        assert found.level_sd[name] == pytest.approx(150, rel=0.25)
    assert found.year_sd == pytest.approx(60, rel=0.05)
    assert found.autocorrelation < 0.1
    # Nothing is shared: what is left is what so many clusters cannot tell.
    assert found.trend_sd < 60 / np.sqrt(SITES)
    assert found.type_sd["ENF"] == pytest.approx(150 / np.sqrt(SITES / 3), rel=1.0)
    assert found.clusters == SITES


def test_what_a_type_has_in_common_counts_in_full():
    found = fit(level=80.0, year=20.0, bias=200.0)
    assert found.type_sd["EBF"] == pytest.approx(200, rel=0.15)
    assert found.type_sd["ENF"] < 40
    # Of a type without towers not even that is known.
    assert found.type_sd["MF"] > 70
    assert found.level_sd["EBF"] == pytest.approx(80, rel=0.25)


def test_a_trend_that_all_towers_share():
    assert fit(level=80.0, year=30.0, trend=5.0).trend_sd == pytest.approx(5, rel=0.1)


def test_towers_that_hardly_tell_a_trend_leave_what_is_held_possible():
    short = {"level": 80.0, "year": 200.0, "years": np.array([2003, 2004])}
    wide = UnseenTrend(gpp=50.0, nee=50.0)
    # 300 site-years, each half a year from the mean of its site: what they tell alone.
    alone = fit_all(wide, **short)["gpp"].trend_sd
    assert 200 * np.sqrt(2) / np.sqrt(SITES) == pytest.approx(alone, rel=0.5)
    narrow = fit_all(UnseenTrend(gpp=0.2, nee=0.1), **short)
    assert narrow["gpp"].trend_sd == pytest.approx(2, rel=0.1)
    assert narrow["nee"].trend_sd == pytest.approx(1, rel=0.1)
    assert narrow["reco"].trend_sd == pytest.approx(np.hypot(2, 1), rel=0.1)


def test_errors_that_last():
    found = fit(level=80.0, year=50.0, autocorrelation=0.5, years=np.arange(2000, 2016))
    assert 0.35 < found.autocorrelation < 0.65


def test_fluxes_keep_their_signs_and_sizes():
    found = fit_all(level=150.0, year=60.0)
    assert found["nee"].year_sd == pytest.approx(2 * found["gpp"].year_sd)
    # RECO = GPP + NEE: here the error of RECO is that of GPP with the other sign.
    assert found["reco"].year_sd == pytest.approx(found["gpp"].year_sd)


def test_neighbours_that_go_together_are_seen():
    rng = np.random.default_rng(0)
    towers = make_towers(rng)
    distances = measure_distances(towers["lat"].to_numpy(), towers["lon"].to_numpy())
    together = 0.8 * np.exp(-distances / 1000) + 0.2 * np.eye(SITES)
    near = fit(level=150.0, year=10.0, correlation=together).level_correlation
    apart = fit(level=150.0, year=10.0).level_correlation
    assert near.correlate(np.array(500.0)) > 0.3
    assert apart.correlate(np.array(500.0)) < 0.1
    assert near.correlate(np.array(0.0)) == pytest.approx(1)


def test_towers_with_one_year_cannot_tell_years_from_places():
    found = fit(level=150.0, year=60.0, years=np.array([2010]))
    assert found.year_sd == pytest.approx(np.hypot(150, 60), rel=0.15)
    # Nor can they tell a trend from none: 0.3 % of a GPP of 1000 is held possible.
    assert found.trend_sd == pytest.approx(3)
    assert found.autocorrelation == 0


def test_plain_numbers_come_back():
    found = fit(level=150.0, year=60.0)
    again = ErrorComponents.from_dict(found.to_dict())
    assert again == found
    assert len(again.level_correlation.shares) == len(LENGTHS_KM)
    assert isinstance(again.year_correlation, Correlogram)
