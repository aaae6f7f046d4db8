"""A number and its interval have the digits that matter, and say what is not known."""

import pytest

from forestflux.core.interval_text import set_units, write_interval

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
        ((-5.7, -11.3, -0.04), "-5.7 (-11.3 to -0.04)"),
        ((-5.7, -11.3, -0.0004), "-5.7 (-11.3 to 0.0)"),
    ],
)
def test_numbers_have_three_digits_of_the_largest(
    numbers: tuple[float, float, float], text: str
) -> None:
    assert write_interval(*numbers) == text


def test_a_page_shows_raised_units_beside_their_number() -> None:
    text = "NEE -9.8 (-12.0 to -7.6) PgC yr-1 of 40.3 million km2, 16 %, 2003-2018: RECO - GPP"
    shown = set_units(text)
    assert shown.replace("\u00a0", " ") == (
        "NEE \u22129.8 (\u221212.0 to \u22127.6) PgC yr⁻¹ of 40.3 million km²,"
        " 16 %, 2003-2018: RECO \u2212 GPP"
    )
    for whole in (
        "\u22127.6)\u00a0PgC\u00a0yr⁻¹",
        "40.3\u00a0million\u00a0km²",
        "16\u00a0%",
    ):
        assert whole in shown
    assert set_units("100 gC m-2 yr-1") == "100\u00a0gC\u00a0m⁻²\u00a0yr⁻¹"


def test_a_change_has_its_sign() -> None:
    assert write_interval(2.5, -1, 3, plus=True) == "+2.50 (-1.00 to 3.00)"
