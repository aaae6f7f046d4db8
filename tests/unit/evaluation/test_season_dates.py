"""Start, peak and end of a season, in days of the year."""

import numpy as np

from forestflux.evaluation.months.season_dates import circular_error, date_seasons

MONTH = np.arange(12) + 0.5


def bump(peak):
    """A season around a peak, in months."""
    return np.exp(4 * (np.cos(2 * np.pi * (MONTH - peak) / 12) - 1))


def test_a_summer_in_july_has_its_peak_there_and_begins_in_spring():
    dates = date_seasons(bump(6.5)[None])
    assert abs(dates.peak[0] - 197) <= 1  # the middle of July
    # The flux is half as large 35 days before and after.
    assert abs(dates.start[0] - 162) < 8
    assert abs(dates.end[0] - 232) < 8


def test_a_southern_season_passes_the_end_of_the_year():
    north, south = date_seasons(bump(6.5)[None]), date_seasons(bump(0.5)[None])
    assert south.start[0] > south.end[0]
    for name in north._fields:
        half_year = circular_error(getattr(north, name), getattr(south, name))
        # Months have 28 to 31 days, so that half a year is not quite 182.
        assert abs(half_year[0] - 182) < 6


def test_a_forest_without_a_season_has_no_dates():
    even = 100 + 10 * bump(3.0)
    assert np.isnan(date_seasons(np.stack([even, np.zeros(12)]))).all()


def test_days_are_compared_the_shorter_way_round():
    np.testing.assert_allclose(
        circular_error([360, 10, 100], [5, 360, 103]), [10, 15, 3]
    )
