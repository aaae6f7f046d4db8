"""The calendar of 46 steps and how products come onto it."""

import numpy as np
import pytest

from forestflux.core.calendars import eight_day


@pytest.mark.parametrize(("year", "last"), [(2003, 5), (2004, 6), (2000, 6), (2100, 5)])
def test_the_last_step_has_five_days_and_six_in_a_leap_year(year, last):
    lengths = eight_day.step_lengths(year)
    assert list(lengths[:45]) == [8] * 45
    assert lengths[-1] == last
    assert lengths.sum() == eight_day.year_length(year)


def test_steps_start_where_modis_composites_start():
    starts = eight_day.step_starts(2003)
    assert str(starts[0]) == "2003-01-01"
    assert str(starts[-1]) == "2003-12-27"
    assert str(eight_day.step_starts(2004)[-1]) == "2004-12-26"


def test_months_of_steps():
    months = eight_day.step_months(2003)
    assert months[0] == 1
    assert months[-1] == 12
    assert (np.diff(months) >= 0).all()
    assert set(months) == set(range(1, 13))


def test_days_of_other_years_have_no_step():
    days = np.array(
        ["2002-12-31", "2003-01-01", "2003-01-09", "2003-12-31", "2004-01-01"],
        "datetime64[D]",
    )
    assert list(eight_day.step_of_day(days, 2003)) == [-1, 0, 1, 45, -1]


def test_sixteen_day_composites_of_two_satellites_fill_the_calendar():
    starts = eight_day.step_starts(2003)
    terra, aqua = starts[0::2], starts[1::2]
    days = np.sort(np.concatenate([terra, aqua]))
    values = np.arange(46, dtype="int16").reshape(46, 1, 1)
    placed = eight_day.place_composites(values, days, year=2003, absent=-32768)
    assert placed.dtype == np.int16
    assert list(placed[:, 0, 0]) == list(range(46))


def test_one_satellite_leaves_every_second_step_absent():
    starts = eight_day.step_starts(2001)[0::2]
    values = np.ones((23, 1, 1), "int16")
    placed = eight_day.place_composites(values, starts, year=2001, absent=-32768)
    assert list(placed[0::2, 0, 0]) == [1] * 23
    assert list(placed[1::2, 0, 0]) == [-32768] * 23


def test_daily_sums_become_the_mean_per_day_and_the_short_step_counts_its_days():
    days = np.datetime64("2003-01-01", "D") + np.arange(365)
    values = np.arange(365, dtype="float32").reshape(365, 1, 1)
    mean = eight_day.average_days(values, days, year=2003)
    assert mean[0, 0, 0] == pytest.approx(np.mean(range(8)))
    assert mean[45, 0, 0] == pytest.approx(np.mean(range(360, 365)))


def test_a_step_with_a_missing_day_is_missing():
    days = np.delete(np.datetime64("2003-01-01", "D") + np.arange(365), 10)
    mean = eight_day.average_days(np.ones((364, 1, 1), "float32"), days, year=2003)
    assert np.isnan(mean[1, 0, 0])
    assert np.isfinite(np.delete(mean[:, 0, 0], 1)).all()
