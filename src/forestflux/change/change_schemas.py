"""Columns of the tables of change: names, units and meanings, once for all."""

from forestflux.core.calendars.months import MONTH_FLUX_UNIT
from forestflux.core.names import FLUX_UNIT, TOTAL_SLOPE_UNIT, TOTAL_UNIT
from forestflux.jobs.tables import Column, TableSchema

# The stratum of what lies outside all others of its kind.
OUTSIDE = "none"
# Totals of countries are some thousandths of those of the globe.
COUNTRY_UNIT = "TgC yr-1"
MONTH_TOTAL_UNIT = "PgC month-1"
TG_PER_PG = 1000.0

YEAR = Column("year", "calendar year", "integer")
STRATUM = Column(
    "stratum", "name of the stratum; `none` lies outside all others of its kind", "text"
)
KIND = Column("kind", "way in which the forest is divided into strata", "text")
CODE = Column("code", "ISO 3166-1 alpha-3 of a country, else empty", "text")
VARIABLE = Column("variable", "`gpp`, `reco` or `nee`", "text")
AREA = Column("area", "forest area", unit="m2")
MEAN = Column("mean", "mean flux per area of forest", unit=FLUX_UNIT)
TOTAL = Column("total", "sum over the forest, ensemble mean", unit=TOTAL_UNIT)
LEVEL = Column("level", "probability of the intervals", unit="1")


def _bounds(name: str, unit: str, text: str) -> tuple[Column, Column]:
    """Columns of the two ends of an interval."""
    return (
        Column(f"{name}_lower", f"lower end of the interval of {text}", unit=unit),
        Column(f"{name}_upper", f"upper end of the interval of {text}", unit=unit),
    )


def _member_sd(name: str) -> Column:
    """Column of how far the members disagree on a number."""
    text = f"standard deviation of `{name}` over members"
    return Column(f"{name}_member_sd", text, unit=TOTAL_UNIT)


TOTAL_SPREAD = (
    *_bounds("total", TOTAL_UNIT, "the total"),
    Column("total_sd", "standard deviation of the error of the total", unit=TOTAL_UNIT),
    Column("member_sd", "standard deviation over members", unit=TOTAL_UNIT),
)
TOTAL_PAIR = (
    Column("total_first", "total of the earlier year or window", unit=TOTAL_UNIT),
    Column("total_second", "total of the later year or window", unit=TOTAL_UNIT),
)
CHANGE = (
    Column("change", "later minus earlier total", unit=TOTAL_UNIT),
    *_bounds("change", TOTAL_UNIT, "the change"),
)
SLOPE = (
    Column("slope", "Theil-Sen slope of all mapped years", unit=TOTAL_SLOPE_UNIT),
    *_bounds("slope", TOTAL_SLOPE_UNIT, "the slope"),
)

TOTALS = TableSchema(
    "change/totals.csv",
    "a year, a stratum of kind `all`, `type` or `band`, and a flux",
    (YEAR, STRATUM, KIND, AREA, VARIABLE, MEAN, TOTAL, *TOTAL_SPREAD),
)
REGIONS = TableSchema(
    "change/regions.csv",
    "a year, a stratum of any kind that has forest in some year, and a flux",
    (
        *(YEAR, STRATUM, KIND, CODE, AREA),
        Column(
            "applicable",
            "share of the forest area that is inside the area of applicability",
            unit="1",
        ),
        *(VARIABLE, MEAN, *_bounds("mean", FLUX_UNIT, "the mean")),
        *(TOTAL, *TOTAL_SPREAD),
        Column("total_tg", "`total` in the unit of countries", unit=COUNTRY_UNIT),
        *_bounds("total_tg", COUNTRY_UNIT, "`total_tg`"),
        LEVEL,
    ),
)
MONTH_REGIONS = TableSchema(
    "months/region_months.csv",
    "a year, a stratum of any kind but `forest_change` that has forest in some year, a flux and a"
    " month; the twelve totals add up to `total` of `change/regions.csv`. There is no interval:"
    " towers are too few to tell how errors of a month go together over a region",
    (
        *(YEAR, STRATUM, KIND, CODE, AREA, VARIABLE),
        Column("month", "calendar month, 1-12", "integer"),
        Column("mean", "mean flux per area of forest", unit=MONTH_FLUX_UNIT),
        Column("total", "sum over the forest, ensemble mean", unit=MONTH_TOTAL_UNIT),
    ),
)
PAIR = TableSchema(
    "change/pair.csv",
    "a stratum of kind `all`, `type` or `band`, and a flux",
    (
        *(STRATUM, KIND, VARIABLE, *TOTAL_PAIR, *CHANGE, *SLOPE),
        Column("slope_p", "p of the slope", unit="1"),
    ),
)
REGION_CHANGES = TableSchema(
    "change/region_changes.csv",
    "a stratum of any kind, and a flux",
    (
        *(STRATUM, KIND, CODE),
        Column(
            "status",
            "`mapped`; `no forest`: cells, but none mapped; `lost`: a country too small"
            " to hold the centre of a cell, a region that others cover",
            "text",
        ),
        Column(
            "cells",
            "cells mapped in either year of the pair, wholly or in part",
            "integer",
        ),
        VARIABLE,
        Column("first_year", "first year of the pair", "integer"),
        Column("second_year", "second year of the pair", "integer"),
        Column("area_first", "forest area of the first year", unit="m2"),
        Column("area_second", "forest area of the second year", unit="m2"),
        Column("mean_first", "mean flux of the first year", unit=FLUX_UNIT),
        Column("mean_second", "mean flux of the second year", unit=FLUX_UNIT),
        *(*TOTAL_PAIR, *CHANGE),
        Column("change_tg", "`change` in the unit of countries", unit=COUNTRY_UNIT),
        *_bounds("change_tg", COUNTRY_UNIT, "`change_tg`"),
        Column("change_p", "p of the change", unit="1"),
        Column(
            "change_p_adjusted",
            "the same after Benjamini and Hochberg over the strata of the kind",
            unit="1",
        ),
        *SLOPE,
        Column(
            "slope_p",
            "p of the slope: the larger of that of Mann-Kendall and that of its error",
            unit="1",
        ),
        Column(
            "slope_p_adjusted",
            "the same after Benjamini and Hochberg over the strata of the kind",
            unit="1",
        ),
        LEVEL,
    ),
)
WINDOWS = TableSchema(
    "change/windows.csv",
    "a stratum of any kind, and a flux",
    (
        *(STRATUM, KIND, CODE, VARIABLE),
        Column("first_years", "years of the earlier window that are mapped", "text"),
        Column("second_years", "years of the later window that are mapped", "text"),
        Column(
            "status",
            "`whole`; `cut`: some years of a window are not mapped; `missing`: fewer"
            " than half are, and the numbers are empty",
            "text",
        ),
        *(*TOTAL_PAIR, *CHANGE),
        Column("change_p", "p of the change", unit="1"),
        Column(
            "change_p_adjusted",
            "the same after Benjamini and Hochberg over the strata of the kind",
            unit="1",
        ),
    ),
)
DECOMPOSITION = TableSchema(
    "change/decomposition.csv",
    "a stratum of any kind, and a flux; change = intensity + area_effect + interaction",
    (
        *(STRATUM, KIND, CODE, VARIABLE),
        Column("change", "later minus earlier total of the pair", unit=TOTAL_UNIT),
        _member_sd("change"),
        Column(
            "intensity",
            "change of the flux per area on the forest of the first year",
            unit=TOTAL_UNIT,
        ),
        _member_sd("intensity"),
        Column(
            "area_effect",
            "change of the forest area at the flux of the first year",
            unit=TOTAL_UNIT,
        ),
        _member_sd("area_effect"),
        Column("interaction", "change of both together", unit=TOTAL_UNIT),
        _member_sd("interaction"),
    ),
)
ZONAL = TableSchema(
    "change/zonal.csv",
    "a year, a zone of latitude with forest, and a flux",
    (
        YEAR,
        Column("latitude", "centre of the zone", unit="degrees_north"),
        *(VARIABLE, MEAN, TOTAL),
    ),
)
SIGNIFICANCE = TableSchema(
    "change/significance.csv",
    "a flux and a test of every cell",
    (
        Column("variable", "`gpp` or `nee`", "text"),
        Column(
            "test",
            "`slope`; `slope_independent`, without regard to autocorrelation;"
            " `difference` of the pair; `window_difference`",
            "text",
        ),
        Column("alpha", "level of a single test", unit="1"),
        Column("cells", "cells that could be tested", "integer"),
        Column("share", "share of their forest area with p <= alpha", unit="1"),
        Column(
            "share_adjusted",
            "share with the false discovery rate held by Benjamini and Hochberg",
            unit="1",
        ),
        Column("fdr_alpha", "the false discovery rate", unit="1"),
        Column(
            "share_two_stage",
            "share with the rate held by Benjamini, Krieger and Yekutieli",
            unit="1",
        ),
    ),
)
CO2 = TableSchema(
    "change/co2.csv",
    "an effect of CO2, a stratum of kind `all`, `type` or `band`, and a flux",
    (
        Column("co2", "`none`, `theory` or `towers`, as the key `model.co2`", "text"),
        *(STRATUM, KIND, VARIABLE),
        Column("change", "later minus earlier total of the pair", unit=TOTAL_UNIT),
        Column("slope", "Theil-Sen slope of all mapped years", unit=TOTAL_SLOPE_UNIT),
    ),
)
DRIVERS = TableSchema(
    "drivers/drivers.csv",
    "a driver, a flux and a stratum of kind `all`, `type` or `band`",
    (
        Column(
            "driver",
            "input variable, `co2`, `area` or `interaction`; `change` is their sum",
            "text",
        ),
        Column("flux", "`gpp`, `reco` or `nee`", "text"),
        *(STRATUM, KIND),
        Column("effect", "part of the change of the total", unit=TOTAL_UNIT),
        *_bounds(
            "effect",
            TOTAL_UNIT,
            "the effect, from the covariance of the response; empty for `area` and"
            " `interaction`",
        ),
        Column(
            "share",
            "effect over the sum of the absolute effects of the drivers, with its sign;"
            " empty for `change`",
            unit="1",
        ),
    ),
)
CHANGE_TABLES = (
    *(TOTALS, REGIONS, PAIR, REGION_CHANGES, WINDOWS, DECOMPOSITION, ZONAL),
    *(SIGNIFICANCE, CO2, DRIVERS),
)
