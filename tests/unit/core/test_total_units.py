"""Totals of a globe, a country and a park are shown in units that can be read."""

import pytest

from forestflux.core.total_units import choose_total_unit, describe_area


@pytest.mark.parametrize(
    ("gpp", "mass", "shown"),
    [
        (72.8, "PgC", 72.8),
        (1.0, "PgC", 1.0),
        (0.999, "TgC", 999),
        (0.0029, "TgC", 2.9),
        (0.0004, "GgC", 400),
        (1e-9, "GgC", 1e-3),
        (0.0, "GgC", 0),
    ],
)
def test_the_largest_unit_is_taken_of_which_there_is_one_or_more(gpp, mass, shown):
    unit = choose_total_unit(gpp)
    assert unit.total == f"{mass} yr-1"
    assert unit.slope == f"{mass} yr-2"
    assert gpp * unit.factor == pytest.approx(shown)


def test_areas_are_in_square_kilometres_or_millions_of_them():
    assert describe_area(40.26e12) == "40.3 million km2"
    assert describe_area(1_765_045_160) == "1,765 km2"
