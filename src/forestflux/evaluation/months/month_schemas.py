"""Columns of the tables of months: predictions at towers and their scores."""

from forestflux.core.calendars.months import MONTH_FLUX_UNIT
from forestflux.evaluation.evaluation_schemas import IGBP, ROWS, SPLIT, TARGET
from forestflux.jobs.tables import Column, TableSchema

MONTH_MODEL = Column(
    "model",
    "`cnn`: networks of year and season; `mean_season`: the network's year and the mean"
    " season of type and latitude; else a classical model of both",
    "text",
)
MONTH_PREDICTIONS = TableSchema(
    "months/predictions.csv",
    "a month of a site-year as one model gives it in one split, without seeing the site",
    (
        *(MONTH_MODEL, SPLIT),
        Column("fold", "fold of the split that held the row out", "integer"),
        Column("site", "code of the tower", "text"),
        Column("year", "calendar year", "integer"),
        Column("month", "calendar month, 1-12", "integer"),
        IGBP,
        Column("lat", "latitude", unit="degrees north"),
        Column("nee_qc", "share of good half-hours of the year", unit="1"),
        *(
            Column(f"{flux}_{side}", text, unit=MONTH_FLUX_UNIT)
            for flux in ("gpp", "reco", "nee")
            for side, text in (
                ("obs", f"{flux.upper()} at the tower; empty where it has no months"),
                ("pred", f"{flux.upper()} of the model"),
            )
        ),
    ),
)
MONTH_SCORES = TableSchema(
    "months/scores.csv",
    "a model, a split, a flux and a subset of the rows",
    (
        *(MONTH_MODEL, SPLIT, TARGET),
        Column("subset", "`all`, or rows of one forest type (`igbp=`)", "text"),
        *ROWS,
        Column("r2", "R2 of all months", unit="1"),
        Column("r2_lower", "lower end of its 95 % bootstrap interval", unit="1"),
        Column("r2_upper", "upper end of its 95 % bootstrap interval", unit="1"),
        Column("rmse", "root mean square error of all months", unit=MONTH_FLUX_UNIT),
        Column(
            "r2_season",
            "R2 of the mean season of each site without its annual mean",
            unit="1",
        ),
        Column(
            "r2_anomaly",
            "1 - error of anomalies / that of none; an anomaly is the daily rate of a month"
            " minus that month's mean over the years of the site, three or more",
            unit="1",
        ),
        Column("r2_amplitude", "R2 of the sites' largest minus least month", unit="1"),
        Column("n_seasonal", "sites with a season, to which the next columns belong"),
        Column("start_error", "mean absolute error of the start of season", unit="d"),
        Column("peak_error", "mean absolute error of the peak of season", unit="d"),
        Column("end_error", "mean absolute error of the end of season", unit="d"),
    ),
)
MONTH_COVERAGE = TableSchema(
    "months/coverage.csv",
    "a split, a flux and a subset of the network's months",
    (
        SPLIT,
        Column("target", "`gpp` or `nee`", "text"),
        Column(
            "subset",
            "`all`, months of one forest type (`igbp=`), or one month of the season (`month=`:"
            " southern years are moved by half a year)",
            "text",
        ),
        Column("nominal", "share of observations that intervals promise", unit="1"),
        Column("covered", "share of months inside their interval", unit="1"),
        Column("covered_lower", "lower end of its 95 % bootstrap interval", unit="1"),
        Column("covered_upper", "upper end of its 95 % bootstrap interval", unit="1"),
        Column("covered_site_mean", "the same, each site counted once", unit="1"),
        Column("n", "months", "integer"),
        Column("n_sites", "sites", "integer"),
        Column("mean_width", "mean width of the intervals", unit=MONTH_FLUX_UNIT),
    ),
)
MONTH_TABLES = (MONTH_PREDICTIONS, MONTH_SCORES, MONTH_COVERAGE)
