"""Windows: which years count, and what is said where too few are mapped."""

import numpy as np
import pytest

from forestflux.change.year_windows import average_window, cut_window, cut_windows

SETTINGS = [[2001, 2005], [2016, 2020]]


@pytest.mark.parametrize(
    ("years", "texts", "statuses"),
    [
        (range(2001, 2021), ["2001-2005", "2016-2020"], ["whole", "whole"]),
        (range(2003, 2019), ["2003-2005", "2016-2018"], ["cut", "cut"]),
        (range(2004, 2019), ["", "2016-2018"], ["missing", "cut"]),
        ([2003, 2018], ["", ""], ["missing", "missing"]),
        ([2001, 2003, 2004, 2017], ["2001, 2003, 2004", ""], ["cut", "missing"]),
    ],
)
def test_windows_are_cut_to_mapped_years(
    years: range, texts: list, statuses: list
) -> None:
    windows = cut_windows(SETTINGS, list(years))
    assert [window.text for window in windows] == texts
    assert [window.status for window in windows] == statuses


def test_means_are_over_the_years_of_the_window() -> None:
    years = list(range(2003, 2009))
    values = np.arange(12.0).reshape(6, 2)
    window = cut_window(2001, 2005, years)
    np.testing.assert_array_equal(average_window(values, years, window), [2, 3])
    none = cut_window(2016, 2020, years)
    assert np.isnan(average_window(values, years, none)).all()
