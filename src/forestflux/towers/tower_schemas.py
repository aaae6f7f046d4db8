"""The tables that the towers stage writes, column by column."""

from forestflux.core.calendars.months import MONTH_FLUX_UNIT
from forestflux.core.names import FLUX_UNIT
from forestflux.jobs.tables import Column, TableSchema

SITE = Column("site", "code of the tower", "text")
YEAR = Column("year", "calendar year", "integer")

SITES = TableSchema(
    path="towers/sites.csv",
    row="a tower",
    columns=(
        SITE,
        Column("lat", "latitude", unit="degrees north"),
        Column("lon", "longitude", unit="degrees east"),
        Column("igbp", "land cover class of IGBP", "text"),
        Column("cluster", "towers joined by links of at most 100 km", "integer"),
    ),
)


SITE_YEARS = TableSchema(
    path="towers/site_years.csv",
    row="a tower and year; a flux that is not known is empty",
    columns=(
        SITE,
        YEAR,
        Column("gpp", "gross primary production", unit=FLUX_UNIT),
        Column("reco", "ecosystem respiration", unit=FLUX_UNIT),
        Column("nee", "net ecosystem exchange, `reco - gpp`", unit=FLUX_UNIT),
        Column("nee_qc", "share of measured or well filled NEE", unit="1"),
    ),
)

FLUXNET_SITE_YEARS = TableSchema(
    path="towers/site_years.csv",
    row="a tower and year, read from FLUXNET files (`towers.fluxnet`)",
    columns=(
        *SITE_YEARS.columns,
        Column("gpp_nt", "GPP of the night-time partitioning", unit=FLUX_UNIT),
        Column("gpp_dt", "GPP of the day-time partitioning", unit=FLUX_UNIT),
        Column("gpp_sd", "standard deviation of GPP", unit=FLUX_UNIT),
        Column("nee_sd", "standard deviation of NEE", unit=FLUX_UNIT),
        Column("completeness", "share of the year with values", unit="1"),
        Column("resolution", "of the table that was read: YY, MM, WW, DD, ...", "text"),
    ),
)

SITE_MONTHS = TableSchema(
    path="towers/site_months.csv",
    row="a month of a tower and year; a year has all twelve or none",
    columns=(
        SITE,
        YEAR,
        Column("month", "calendar month, 1-12", "integer"),
        Column("gpp", "gross primary production", unit=MONTH_FLUX_UNIT),
        Column("reco", "ecosystem respiration, `gpp + nee`", unit=MONTH_FLUX_UNIT),
        Column("nee", "net ecosystem exchange", unit=MONTH_FLUX_UNIT),
    ),
)

FLUXNET_MONTHS = TableSchema(
    path="fluxnet/{site}.months.csv",
    row="a month of a tower, read from FLUXNET files",
    columns=(
        SITE,
        YEAR,
        Column("month", "calendar month, 1-12", "integer"),
        Column("gpp", "gross primary production", unit=MONTH_FLUX_UNIT),
        Column("nee", "net ecosystem exchange", unit=MONTH_FLUX_UNIT),
        Column("completeness", "share of the month with values", unit="1"),
    ),
)

CITATIONS = TableSchema(
    path="towers/citations.csv",
    row="a tower; texts that are not known are empty",
    columns=(
        SITE,
        Column("name", "name of the tower", "text"),
        Column("policy", "data policy or licence", "text"),
        Column("citation", "how the tower asks to be cited", "text"),
        Column("doi", "of that citation", "text"),
    ),
)

LEFT_OUT = TableSchema(
    path="towers/left_out.csv",
    row="a site, a year of a site or a file that is left out",
    columns=(
        Column("site", "code of the tower; empty for a file of no site", "text"),
        Column(
            "year", "calendar year; empty where the whole site is left out", "integer"
        ),
        Column("file", "the file that was read", "text"),
        Column("reason", "why it is left out", "text"),
    ),
)

MONTHS_LEFT_OUT = TableSchema(
    path="towers/left_out_months.csv",
    row="a site, or a year of a site, that has annual fluxes and no monthly ones",
    columns=(
        SITE,
        Column("year", "calendar year; empty where no year has months", "integer"),
        Column("file", "the file that was read", "text"),
        Column("reason", "why there are no months", "text"),
    ),
)
