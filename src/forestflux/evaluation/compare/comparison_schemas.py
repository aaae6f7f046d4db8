"""Columns of the tables of the comparison: names, units and meanings, once for all."""

from forestflux.core.names import FLUX_UNIT, TOTAL_SLOPE_UNIT, TOTAL_UNIT
from forestflux.jobs.tables import Column, TableSchema

PRODUCT = Column("product", "name of the product in the configuration", "text")
FLUX = Column("flux", "`gpp`, `reco` or `nee`; NEE is negative for uptake", "text")

COMPARISON = TableSchema(
    "compare/comparison.csv",
    "a product and a common year, a window of years or all common years; both fluxes are"
    " those of the common forest, which is mapped and has values of the product in every"
    " common year",
    (
        PRODUCT,
        Column("title", "the product as it is known; empty where it is not", "text"),
        FLUX,
        Column("kind", "`year`, `window`, or `all` common years", "text"),
        Column("years", "first and last year of the period", "text"),
        Column("year_count", "years of the period", "integer"),
        Column(
            "per",
            "what the product's m2 is of: `land`, taken as that of the forest; `cell`, divided"
            " by the share of land where its files have it, else taken as land; `forest`;"
            " `forest_in_cell`, divided by the share of forest",
            "text",
        ),
        Column("resolution", "side of a cell of the product", unit="degrees"),
        Column("area", "common forest area", unit="m2"),
        Column("share", "common share of the forest area that the run maps", unit="1"),
        Column("mean_run", "mean flux of the run", unit=FLUX_UNIT),
        Column("mean_product", "mean flux of the product", unit=FLUX_UNIT),
        Column("bias", "mean of the run minus that of the product", unit=FLUX_UNIT),
        Column("total_run", "total of the run", unit=TOTAL_UNIT),
        Column("total_product", "total of the product", unit=TOTAL_UNIT),
        Column(
            "spatial_r",
            "correlation over common cells, weighted with forest area",
            unit="1",
        ),
        Column(
            "slope_run",
            "Theil-Sen slope of the totals of the run; only of `all`, of three years or more",
            unit=TOTAL_SLOPE_UNIT,
        ),
        Column(
            "slope_product",
            "the same of the product",
            unit=TOTAL_SLOPE_UNIT,
        ),
        Column(
            "year_r",
            "correlation of the totals of the years, each without its straight line in time;"
            " only of `all`, of four years or more",
            unit="1",
        ),
        Column("source", "where the product is documented", "text"),
    ),
)
COMPARED_ZONES = TableSchema(
    "compare/compared_zones.csv",
    "a product and a zone of latitude with common forest, mean of the common years",
    (
        PRODUCT,
        FLUX,
        Column("latitude", "centre of the zone", unit="degrees_north"),
        Column("area", "common forest area", unit="m2"),
        Column("mean_run", "mean flux of the run", unit=FLUX_UNIT),
        Column("mean_product", "mean flux of the product", unit=FLUX_UNIT),
    ),
)
COMPARISON_TABLES = (COMPARISON, COMPARED_ZONES)
