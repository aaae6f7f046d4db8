"""Columns of the tables of evaluation: names, units and meanings, once for all."""

from forestflux.core.names import FLUX_UNIT
from forestflux.jobs.tables import Column, TableSchema

MODEL = Column("model", "`cnn` for the network, else a classical model", "text")
SPLIT = Column("split", "`site`, `cluster`, `random` or `holdout`", "text")
TARGET = Column("target", "`gpp`, `reco` or `nee`", "text")
# Kind of subset: rows of a fifth by their share of gaps.
GAP_FIFTH = "gap_fifth"
SUBSET = Column(
    "subset",
    "`all`, or rows of one forest type (`igbp=`), climate (`climate=`), number of years"
    " (`years=`) or side of the area of applicability (`applicable=`)",
    "text",
)
ROWS = (
    Column("n", "site-years", "integer"),
    Column("n_sites", "sites", "integer"),
)


def _bounds(prefix: str = "", unit: str = "1") -> tuple[Column, Column]:
    """Columns of the ends of the bootstrap interval of the column before."""
    return (
        Column(f"{prefix}lower", "lower end of its 95 % bootstrap interval", unit=unit),
        Column(f"{prefix}upper", "upper end of its 95 % bootstrap interval", unit=unit),
    )


R2 = Column("r2", "coefficient of determination", unit="1")
RMSE = Column("rmse", "root mean square error", unit=FLUX_UNIT)
IGBP = Column("igbp", "forest type", "text")
MONTH = Column(
    "month",
    "month of the season, 1-12: southern years are moved by half a year where the"
    " network moves them",
    "integer",
)

PREDICTIONS = TableSchema(
    "evaluate/predictions.csv",
    "a site-year as one model predicts it in one split, without seeing it",
    (
        *(MODEL, SPLIT),
        Column("fold", "fold of the split that held the row out", "integer"),
        Column("site", "code of the tower", "text"),
        Column("year", "calendar year", "integer"),
        IGBP,
        Column("climate", "`tropical`, `temperate` or `boreal`, by latitude", "text"),
        Column("gpp_obs", "GPP at the tower", unit=FLUX_UNIT),
        Column("gpp_pred", "GPP, ensemble mean", unit=FLUX_UNIT),
        Column("reco_pred", "RECO, ensemble mean", unit=FLUX_UNIT),
        Column("nee_obs", "NEE at the tower", unit=FLUX_UNIT),
        Column("nee_pred", "NEE = RECO - GPP, ensemble mean", unit=FLUX_UNIT),
        Column("nee_qc", "share of good half-hours of the year", unit="1"),
        Column("gpp_lower", "lower end of the interval of GPP", unit=FLUX_UNIT),
        Column("gpp_upper", "upper end of the interval of GPP", unit=FLUX_UNIT),
        Column("nee_lower", "lower end of the interval of NEE", unit=FLUX_UNIT),
        Column("nee_upper", "upper end of the interval of NEE", unit=FLUX_UNIT),
        Column(
            "dissimilarity",
            "index of dissimilarity to the forest rows that the fold trained on",
            unit="1",
        ),
        Column(
            "applicable",
            "`inside` or `outside` the area of applicability of the fold",
            "text",
        ),
    ),
)
SCORES = TableSchema(
    "evaluate/scores.csv",
    "a model, a split, a flux and a subset of the rows",
    (
        *(MODEL, SPLIT, TARGET, SUBSET, *ROWS),
        *(R2, *_bounds("r2_"), RMSE, *_bounds("rmse_", FLUX_UNIT)),
        Column("mae", "mean absolute error", unit=FLUX_UNIT),
        *_bounds("mae_", FLUX_UNIT),
        Column("bias", "mean of predicted minus observed", unit=FLUX_UNIT),
        *_bounds("bias_", FLUX_UNIT),
        Column("r2_site_mean", "R2 of the sites' means, each counted once", unit="1"),
    ),
)
GAPS = TableSchema(
    "evaluate/gaps.csv",
    "a model, a flux and a kind of artificial gap, split by site",
    (
        *(MODEL, TARGET),
        Column(
            "gap_pattern",
            "`none`, `random`, `block`, `borrowed`, or the variable that is hidden",
            "text",
        ),
        Column("gap_fraction", "share of the values that is hidden", unit="1"),
        *(*ROWS, R2, RMSE),
        Column("r2_lost", "R2 without artificial gaps minus R2 with them", unit="1"),
        *_bounds("r2_lost_"),
    ),
)
DIFFERENCES = TableSchema(
    "evaluate/differences.csv",
    "a split, a flux and a classical model beside the network",
    (
        *(SPLIT, TARGET),
        Column("other", "the classical model", "text"),
        *ROWS,
        Column("r2_minus", "R2 of the network minus that of the model", unit="1"),
        *_bounds(),
    ),
)
CALIBRATION = TableSchema(
    "evaluate/calibration.csv",
    "a model, a split, a flux and a subset of the rows; of the network by `cluster` also"
    " rows with gaps put in",
    (
        *(MODEL, SPLIT),
        Column("target", "`gpp` or `nee`", "text"),
        Column(
            "subset",
            f"{SUBSET.meaning}, or rows with so many series hidden (`hidden_series=`),"
            " such a share of single values (`hidden_values=`), or of a fifth of all of"
            f" these by their share of gaps (`{GAP_FIFTH}=`, 1 has fewest)",
            "text",
        ),
        Column("nominal", "share of observations that intervals promise", unit="1"),
        Column("covered", "share of site-years inside their interval", unit="1"),
        *_bounds("covered_"),
        Column("covered_site_mean", "the same, each site counted once", unit="1"),
        *ROWS,
        Column("mean_width", "mean width of the intervals", unit=FLUX_UNIT),
    ),
)
INTERANNUAL = TableSchema(
    "evaluate/interannual.csv",
    "a model, a form, a split, a flux and a subset of the rows: differences between the"
    " years of one site, at sites with three scored years or more",
    (
        MODEL,
        Column(
            "form",
            "`constant`: no difference between years; `between`: the model's estimate of"
            " each year; `scaled`: that difference times a factor learnt within sites;"
            " `response`: learnt within sites from departures of the inputs;"
            " `scaled_response`: both",
            "text",
        ),
        *(SPLIT, TARGET, SUBSET, *ROWS),
        Column("r2", "1 - error of the differences / that of no difference", unit="1"),
        *_bounds("r2_"),
        Column("slope", "of observed on predicted differences; 1 is right", unit="1"),
        *_bounds("slope_"),
        Column("sd_observed", "standard deviation of the observed", unit=FLUX_UNIT),
        Column("sd_predicted", "standard deviation of the predicted", unit=FLUX_UNIT),
        Column("trend_sites", "sites with five scored years or more", "integer"),
        Column("trend_sign_share", "share with the right sign of the trend", unit="1"),
        Column("trend_r", "correlation of predicted and observed trends", unit="1"),
        Column(
            "halves_r2",
            "1 - error of the change from a site's earlier to its later half / that of"
            " no change",
            unit="1",
        ),
    ),
)
ABLATION = TableSchema(
    "ablation/ablation.csv",
    "a variant of the network or a classical model, a split and a flux",
    (
        Column("variant", "`full`, a name in `ablation.variants`, or a model", "text"),
        *(SPLIT, TARGET),
        Column("repeats", "assignments of sites to folds", "integer"),
        Column("r2", "R2 out of fold, mean over repeats", unit="1"),
        Column("r2_sd", "its standard deviation over repeats", unit="1"),
        Column("r2_minus_full", "R2 minus that of `full`, paired by repeat", unit="1"),
        Column("r2_minus_full_sd", "its standard deviation over repeats", unit="1"),
        Column(
            "r2_lost_half_hidden",
            "what R2 loses when half of all values are hidden",
            unit="1",
        ),
        Column("worst_rmse", "largest RMSE of a forest type", unit=FLUX_UNIT),
        Column("worst_type", "that forest type", "text"),
        Column("seconds", "processor time of one fit", unit="s"),
        Column("parameters", "trained numbers of the network, 0 of other models"),
    ),
)


def _importance(path: str, row: str, text: str, *more: Column) -> TableSchema:
    """Schema of a table of importance by forest type, variable and month."""
    fluxes = (
        Column(flux, f"{text} {flux.upper()}, mean over members", unit=FLUX_UNIT)
        for flux in ("gpp", "nee")
    )
    spreads = (
        Column(
            f"{flux}_sd", f"standard deviation of `{flux}` over members", unit=FLUX_UNIT
        )
        for flux in ("gpp", "nee")
    )
    variable = Column("variable", "input series", "text")
    return TableSchema(path, row, (IGBP, variable, MONTH, *fluxes, *spreads, *more))


IMPORTANCE = _importance(
    "explain/importance.csv",
    "a forest type, a variable and a month of the season (occlusion sensitivity)",
    "mean absolute change, when the variable is hidden in the month, of",
)
ATTRIBUTIONS = _importance(
    "explain/attributions.csv",
    "a forest type, a variable and a month of the season (integrated gradients against"
    " the mean year of the type's training rows)",
    "what a value adds that lies one typical departure above the mean year to",
    Column("gpp_size", "mean absolute contribution to GPP", unit=FLUX_UNIT),
    Column("nee_size", "mean absolute contribution to NEE", unit=FLUX_UNIT),
)
ACTIVATIONS = TableSchema(
    "explain/activations.csv",
    "a forest type, a row of the convolutional block and a month of the season",
    (
        IGBP,
        Column(
            "pattern",
            "a series filtered along time, or a pattern across variables",
            "text",
        ),
        MONTH,
        Column("activation", "mean absolute activation, mean over members"),
        Column("activation_sd", "its standard deviation over members"),
    ),
)
SANITY = TableSchema(
    "explain/sanity.csv",
    "a check of the explanations, a method and a flux",
    (
        Column(
            "check",
            "`members_agree`, `random_weights` or `methods_agree`: rank correlations of"
            " two explanations; `deletion`: area under the deletion curve over that of a"
            " random order",
            "text",
        ),
        Column("method", "`occlusion`, `attribution` or `both`", "text"),
        Column("flux", "`gpp` or `nee`", "text"),
        Column("value", "of the check, a mean", unit="1"),
        Column("sd", "standard deviation over members or forest types", unit="1"),
        Column("low", "lowest value that passes", unit="1"),
        Column("high", "highest value that passes", unit="1"),
        Column("status", "`pass`, `fail` or `not applicable`", "text"),
    ),
)
RECOVERY = TableSchema(
    "recovery/recovery.csv",
    "a quantity of the simulated planet",
    (
        Column("quantity", "name", "text"),
        Column("unit", "of the next three columns", "text"),
        Column("truth", "of the planet; 0 for a root mean square, 1 for an R2"),
        Column("mapped", "of the maps"),
        Column("error", "mapped minus truth"),
        Column(
            "error_percent",
            "error in percent of the truth; of a root mean square, of the true mean",
            unit="percent",
        ),
    ),
)
COVERAGE = TableSchema(
    "recovery/coverage.csv",
    "a quantity, a way to divide the forest of the simulated planet, and a flux",
    (
        Column(
            "quantity",
            "`total` of a year, `change` of the pair, `window_change`, `slope`",
            "text",
        ),
        Column("kind", "way in which the forest is divided; `cell` for none", "text"),
        Column("variable", "`gpp`, `reco` or `nee`", "text"),
        Column(
            "nominal", "share of truths that the intervals promise to hold", unit="1"
        ),
        Column("n", "strata, or cells; of `total` times years", "integer"),
        Column("covered", "share of the true values inside their interval", unit="1"),
    ),
)
EVALUATION_TABLES = (
    *(PREDICTIONS, SCORES, INTERANNUAL, GAPS, DIFFERENCES, CALIBRATION, ABLATION),
    *(IMPORTANCE, ATTRIBUTIONS, ACTIVATIONS, SANITY, RECOVERY, COVERAGE),
)
