"""Calendar months beside the eight-day steps."""

import numpy as np
import pytest

from forestflux.core.calendars.eight_day import step_lengths, year_length
from forestflux.core.calendars.months import (
    count_step_days,
    is_leap_year,
    list_month_lengths,
    month_lengths,
)


@pytest.mark.parametrize("year", [2003, 2004, 2000, 2100])
def test_every_day_of_the_year_lies_in_one_step_and_one_month(year):
    days = count_step_days(year)
    np.testing.assert_array_equal(days.sum(axis=1), step_lengths(year))
    np.testing.assert_array_equal(days.sum(axis=0), month_lengths(year))
    assert days.sum() == year_length(year)


def test_a_step_across_two_months_has_days_in_both():
    days = count_step_days(2003)
    # The fourth step runs from 25 January to 1 February.
    assert days[3].tolist()[:3] == [7, 1, 0]
    assert days[-1].tolist() == [0] * 11 + [5]


def test_february_has_a_day_more_in_a_leap_year():
    assert month_lengths(2004)[1] == month_lengths(2003)[1] + 1 == 29


def test_years_of_many_rows_have_their_own_lengths():
    years = np.array([2004, 2001, 2004, 2100, 2000])
    assert is_leap_year(years).tolist() == [True, False, True, False, True]
    assert list_month_lengths(years)[:, 1].tolist() == [29, 28, 29, 28, 29]
    assert list_month_lengths(years[:0]).shape == (0, 12)
