"""What is known of other products: told apart, documented, and on the page."""

import pytest

from forestflux.evaluation.compare.flux_units import parse_flux_unit
from forestflux.evaluation.compare.known_products import KNOWN_PRODUCTS, recognise
from tests.builders.paths import ROOT


@pytest.mark.parametrize(
    ("variables", "file", "title"),
    [
        ({"GPP", "land_fraction"}, "GPP_2003_050_monthly.nc", "FLUXCOM-X X-BASE"),
        ({"GPP"}, "GPP.RS_METEO.FP-ALL.monthly.2003.nc", "FLUXCOM"),
        ({"GPP", "crs"}, "mine.nc", ""),
        ({"GPP_mean", "GPP_std"}, "CEDAR-GPP_v01_ST_CFE-ML_DT_200101.nc", "CEDAR-GPP"),
        ({"bio_flux_opt", "ocn_flux_opt"}, "CT2022.nc", "CarbonTracker"),
    ],
)
def test_products_with_one_variable_are_told_apart(variables, file, title):
    (known,) = recognise(variables, file)
    assert known.title == title


def test_each_flux_of_a_file_is_found_once():
    found = recognise({"GPP", "NEE", "TER", "heat"}, "all.nc")
    assert sorted(known.flux for known in found) == ["gpp", "nee", "reco"]
    assert recognise({"heat"}, "all.nc") == []


@pytest.mark.parametrize(
    "known", KNOWN_PRODUCTS, ids=lambda k: f"{k.title} {k.variable}"
)
def test_a_known_product_has_source_unit_and_place_on_the_page(known):
    page = (ROOT / "docs/how-to/compare.md").read_text()
    assert bool(known.title) == bool(known.source)
    assert known.unit is None or parse_flux_unit(known.unit) is not None
    assert known.uptake == "negative" or known.flux == "nee"
    if known.title and known.variable != "Gpp":  # the same as Gpp_500m
        assert f"`{known.variable}`" in page
