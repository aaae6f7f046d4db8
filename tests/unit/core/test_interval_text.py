"""A number and its interval have the digits that matter, and say what is not known."""

import pytest

from forestflux.core.interval_text import write_interval

NAN = float("nan")


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((-33.123, -80.21, 14.0), "-33.1 (-80.2 to 14.0)"),
        ((0.001234, -0.004, 0.0056), "0.00123 (-0.00400 to 0.00560)"),
        ((1234.5, 1000, 2000), "1,234 (1,000 to 2,000)"),
        ((0, 0, 0), "0 (0 to 0)"),
        ((2.0, NAN, NAN), "2.00 (interval not known)"),
        ((NAN, 0, 1), "not known"),
    ],
)
def test_numbers_have_three_digits_of_the_largest(
    numbers: tuple[float, float, float], text: str
) -> None:
    assert write_interval(*numbers) == text


def test_a_change_has_its_sign() -> None:
    assert write_interval(2.5, -1, 3, plus=True) == "+2.50 (-1.00 to 3.00)"
