"""The effect of CO2: published numbers, mean 1 over the years, refused where it is unknown."""

import numpy as np
import pytest

from forestflux.core.input_errors import InputError
from forestflux.models.years.co2 import CO2_PPM, EFFECTS, weigh_years

YEARS = range(2003, 2019)


@pytest.mark.parametrize(("temperature", "growth"), [(5.0, 0.013), (25.0, 0.036)])
def test_theory_is_what_was_published(temperature, growth):
    """1.3 % at 5 degrees C and 3.6 % at 25 from 2003 to 2018."""
    factor = weigh_years("theory", YEARS, np.array([temperature]))[:, 0]
    assert factor[-1] / factor[0] - 1 == pytest.approx(growth, abs=0.0006)


def test_towers_have_one_share_per_ppm_everywhere():
    factor = weigh_years("towers", YEARS, np.array([-10.0, 25.0]))
    np.testing.assert_array_equal(factor[:, 0], factor[:, 1])
    rise = CO2_PPM[2018] - CO2_PPM[2003]
    assert factor[-1, 0] - factor[0, 0] == pytest.approx(0.00138 * rise, rel=1e-3)


@pytest.mark.parametrize("effect", EFFECTS)
def test_the_level_stays_what_it_is(effect):
    temperature = np.array([[-5.0, 10.0], [20.0, 28.0]])
    factor = weigh_years(effect, YEARS, temperature)
    assert factor.shape == (len(YEARS), 2, 2)
    np.testing.assert_allclose(factor.mean(axis=0), 1)
    assert (effect == "none") == (factor == 1).all()


def test_a_year_without_a_known_co2_is_one_line():
    with pytest.raises(InputError, match=r"model.co2: expected years .* found 1999"):
        weigh_years("theory", [1999, 2003], np.zeros(1))
    assert (weigh_years("none", [1999, 2003], np.zeros(1)) == 1).all()
