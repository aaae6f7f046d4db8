"""The hard planet is about as hard as the Earth: its recorded scores beside those of towers."""

import pandas as pd
import pytest

from tests.builders.paths import ROOT

DATA = ROOT / "docs/data"


def read_real(name: str) -> pd.DataFrame:
    """Scores of the network at real towers by cluster, by flux."""
    table = pd.read_csv(DATA / f"{name}.csv")
    return table[(table["split"] == "cluster") & (table["model"] == "cnn")]


@pytest.fixture
def hard() -> pd.DataFrame:
    return pd.read_csv(DATA / "hard_planet.csv").set_index("target")


@pytest.mark.parametrize("flux", ["gpp", "nee"])
def test_the_level_is_told_about_as_well(hard, flux):
    real = read_real("towers_scores").set_index("target").loc[flux]
    assert hard.loc[flux, "r2"] == pytest.approx(real["r2"], abs=0.1)


@pytest.mark.parametrize("flux", ["gpp", "nee"])
def test_differences_between_years_are_told_about_as_well(hard, flux):
    """R2 within sites of each lies in the interval of the other, and so much is to be told."""
    table = read_real("towers_interannual")
    real = table[table["form"] == "response"].set_index("target").loc[flux]
    own = hard.loc[flux]
    assert own["r2_lower"] <= real["r2"] <= own["r2_upper"]
    assert real["r2_lower"] <= own["within_r2"] <= real["r2_upper"] + 0.02
    assert own["sd_observed"] == pytest.approx(real["sd_observed"], rel=0.15)
