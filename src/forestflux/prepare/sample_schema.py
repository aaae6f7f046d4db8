"""The table of samples, column by column."""

from forestflux.core.names import FLUX_UNIT
from forestflux.jobs.tables import Column, TableSchema

SAMPLES = TableSchema(
    path="samples/samples.csv",
    row="a labelled site-year, used or dropped",
    columns=(
        Column("site", "code of the tower", "text"),
        Column("year", "calendar year", "integer"),
        Column("igbp", "land cover class of IGBP", "text"),
        Column("forest", "whether it is a forest type; others train only", "boolean"),
        Column("lat", "latitude", unit="degrees north"),
        Column("lon", "longitude", unit="degrees east"),
        Column("cluster", "towers joined by links of at most 100 km", "integer"),
        Column("gpp", "gross primary production", unit=FLUX_UNIT),
        Column("reco", "ecosystem respiration", unit=FLUX_UNIT),
        Column("nee", "net ecosystem exchange, `reco - gpp`", unit=FLUX_UNIT),
        Column("nee_qc", "share of measured or well filled NEE", unit="1"),
        Column("weight", "in training; `nee_qc`, 0 of a dropped row", unit="1"),
        Column("holdout", "whether the tower is kept apart", "boolean"),
        Column("fold_site", "fold by site, -1 for none", "integer"),
        Column("fold_cluster", "fold by cluster, -1 for none", "integer"),
        Column("fold_random", "fold of random rows, -1 for none", "integer"),
        Column("used", "whether the row trains or is scored", "boolean"),
        Column("reason", "why a row is dropped", "text"),
    ),
)
