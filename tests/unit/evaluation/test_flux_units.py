"""Units of fluxes in the spellings of many makers."""

import pytest

from forestflux.evaluation.compare.flux_units import (
    CARBON_IN_CO2,
    GRAMS_PER_MOL,
    parse_flux_unit,
)

DAY = 86400.0


@pytest.mark.parametrize(
    ("text", "grams", "per_area", "period"),
    [
        ("gC m-2 d-1", 1, True, DAY),
        ("g C m^-2 day^-1", 1, True, DAY),
        ("g m**-2 d**-1", 1, True, DAY),
        ("gC.m-2.d-1", 1, True, DAY),
        ("gC/m2/day", 1, True, DAY),
        ("kg m-2 s-1", 1000, True, 1),
        ("kgC m-2 month-1", 1000, True, "month"),
        ("g C m-2 mo-1", 1, True, "month"),
        ("gC m-2 yr-1", 1, True, "year"),
        ("kg_C_/m^2", 1000, True, "step"),
        ("kgC m-2 8d-1", 1000, True, "step"),
        ("kg C/m^2/8day", 1000, True, "step"),
        ("tC ha-1 yr-1", 100, True, "year"),
        ("MgC ha-1 yr-1", 100, True, "year"),
        ("PgC/yr", 1e15, False, "year"),
        ("mol m-2 s-1", GRAMS_PER_MOL, True, 1),
        ("umol m-2 s-1", 1e-6 * GRAMS_PER_MOL, True, 1),
        ("µmol m-2 s-1", 1e-6 * GRAMS_PER_MOL, True, 1),
        ("mumolCO2 m-2 s-1", 1e-6 * GRAMS_PER_MOL, True, 1),
        ("g CO2 m-2 d-1", CARBON_IN_CO2, True, DAY),
        ("gCO2 m-2 d-1", CARBON_IN_CO2, True, DAY),
        ("mgC m-2 h-1", 1e-3, True, 3600),
    ],
)
def test_a_unit_is_grams_of_carbon_an_area_and_a_period(text, grams, per_area, period):
    unit = parse_flux_unit(text)
    assert unit is not None
    assert unit.grams == pytest.approx(grams)
    assert (unit.per_area, unit.period) == (per_area, period)


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "K", "mm d-1", "W m-2", "gC m-2 d-2", "m-2 d-1", "0.001 gC m-2 d-1"),
        *(
            "gC m2 d-1",
            "gN m-2 d-1",
            "gC m-2 fortnight-1",
            "gC gC m-2 d-1",
            "gCH4 m-2 d-1",
        ),
    ],
)
def test_what_is_no_unit_of_a_carbon_flux_is_none(text):
    assert parse_flux_unit(text) is None
