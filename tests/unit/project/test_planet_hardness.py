"""The default planet is about as hard as the Earth: recorded scores beside those of real towers."""

import pandas as pd
import pytest

from tests.builders.paths import ROOT

DATA = ROOT / "docs/data"


def read_real(name: str) -> pd.DataFrame:
    """Scores of the network at real towers by cluster, by flux."""
    table = pd.read_csv(DATA / f"{name}.csv")
    return table[(table["split"] == "cluster") & (table["model"] == "cnn")]


@pytest.fixture
def planet() -> pd.DataFrame:
    return pd.read_csv(DATA / "demo_skill.csv").set_index("target")


@pytest.mark.parametrize("flux", ["gpp", "nee"])
def test_the_level_is_told_about_as_well(planet, flux):
    real = read_real("towers_scores").set_index("target").loc[flux]
    assert planet.loc[flux, "r2"] == pytest.approx(real["r2"], abs=0.1)


@pytest.fixture
def years() -> pd.DataFrame:
    table = read_real("towers_interannual")
    return table[table["form"] == "response"].set_index("target")


def test_differences_between_years_of_gpp_are_told_about_as_well(planet, years):
    """R2 within sites of each lies in the interval of the other."""
    own, real = planet.loc["gpp"], years.loc["gpp"]
    assert own["r2_lower"] <= real["r2"] <= own["r2_upper"]
    assert real["r2_lower"] <= own["within_r2"] <= real["r2_upper"]


def test_differences_between_years_of_nee_are_told_no_better(planet, years):
    """They are told somewhat worse, which errs on the side of caution."""
    assert planet.loc["nee", "r2_upper"] <= years.loc["nee", "r2_upper"]
    assert planet.loc["nee", "within_r2"] >= -0.05


@pytest.mark.parametrize("flux", ["gpp", "nee"])
def test_so_much_is_to_be_told(planet, years, flux):
    spread = years.loc[flux, "sd_observed"]
    assert planet.loc[flux, "sd_observed"] == pytest.approx(spread, rel=0.15)
