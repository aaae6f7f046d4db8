"""Tables of the report on skill: best models, scores, coverage, gaps, checks of reasons."""

import numpy as np
import pandas as pd

from forestflux.core.climates import CLIMATES
from forestflux.core.names import (
    APPLICABILITY_SIDES,
    FOREST_TYPES,
    SPLITS,
    TARGET_FLUXES,
)
from forestflux.evaluation.scores import YEAR_CLASSES
from forestflux.pages.labels_and_colours import (
    model_label,
    order_models,
    series_label,
    split_label,
    subset_label,
)
from forestflux.pages.report.shown_table import (
    Field,
    ShownTable,
    join_bounds,
    show_table,
)

FLUX = Field("target", "flux", str.upper)
SPLIT = Field("split", "split", split_label)
MODEL = Field("model", "model", model_label)
SUBSET = Field("subset", "forests", subset_label)
R2 = Field("r2", "R2", ".2f")
SITES = Field("n_sites", "sites", ",.0f")
SIZE = (Field("n", "site-years", ",.0f"), SITES)
CHECKS = {
    "members_agree": "members agree (rank correlation)",
    "random_weights": "random weights keep the map (rank correlation)",
    "methods_agree": "both maps agree (rank correlation)",
    "deletion": "hiding what the map names first, against any order (ratio)",
}
METHODS = {
    "occlusion": "hidden inputs",
    "attribution": "integrated gradients",
    "both": "both",
}


def headline_table(headline: pd.DataFrame) -> ShownTable:
    """The numbers that a text quotes, as it writes them."""
    fields = (
        Field("name", "what"),
        Field("text", "number"),
        Field("remark", "interval or sample size"),
    )
    rows = headline.fillna({"remark": ""})
    return show_table(rows, fields, caption="Numbers that a text quotes")


def best_models(scores: pd.DataFrame) -> ShownTable:
    """The model with the highest R2 for each split and flux, whichever it is."""
    rows = scores[(scores["subset"] == "all") & scores["target"].isin(TARGET_FLUXES)]
    best = rows.loc[rows.groupby(["target", "split"])["r2"].idxmax()]
    model = Field("model", "best model", model_label)
    fields = (
        FLUX,
        SPLIT,
        model,
        R2,
        Field("rmse", "RMSE (gC m-2 yr-1)", ",.0f"),
        SITES,
    )
    caption = "Best model for each split, all forests"
    return show_table(sort_rows(best), fields, caption=caption)


def score_tables(scores: pd.DataFrame) -> list[ShownTable]:
    """Scores of every model, split and flux: over all forests, then by group."""
    table = scores.assign(
        r2_ends=join_bounds(scores, "r2"), rmse_ends=join_bounds(scores, "rmse")
    )
    fields = (
        *(R2, Field("r2_ends", "95 % of R2")),
        *(Field("rmse", "RMSE", ",.0f"), Field("rmse_ends", "95 % of RMSE")),
        Field("mae", "MAE", ",.0f"),
        Field("bias", "bias", "z,.0f"),
        Field("r2_site_mean", "R2 of site means", ".2f"),
        *SIZE,
    )
    caption = (
        "RMSE, MAE and bias in gC m-2 yr-1; brackets are 95 % over sites; rows of the"
        " random split are optimistic"
    )
    return all_and_groups(table, fields, caption=caption)


def interannual_tables(interannual: pd.DataFrame) -> list[ShownTable]:
    """Skill in time of every model and form: over all forests, then by forest type."""
    table = interannual.assign(
        form=interannual["form"].str.replace("_", " and "),
        ends=join_bounds(interannual, "r2"),
    )
    fields = (
        Field("form", "years are told by"),
        R2,
        Field("ends", "95 % over sites"),
        Field("slope", "slope", ".2f"),
        Field("trend_sign_share", "right sign of trends", ".0%"),
        Field("halves_r2", "R2 of halves", ".2f"),
        *SIZE,
    )
    caption = "differences between the years of one site; 0 is no better than none"
    return all_and_groups(table, fields, caption=caption)


def coverage_tables(calibration: pd.DataFrame) -> list[ShownTable]:
    """Share of observations inside the interval: over all forests, then by group."""
    ends = zip(calibration["covered_lower"], calibration["covered_upper"], strict=True)
    ranges = [f"{low:.0%} to {high:.0%}" for low, high in ends]
    fields = (
        Field("nominal", "nominal", ".0%"),
        Field("covered", "covered", ".0%"),
        Field("ends", "95 % over sites"),
        Field("covered_site_mean", "each site counted once", ".0%"),
        Field("mean_width", "mean width (gC m-2 yr-1)", ",.0f"),
        *SIZE,
    )
    caption = "share of observations inside the interval"
    return all_and_groups(calibration.assign(ends=ranges), fields, caption=caption)


def all_and_groups(
    table: pd.DataFrame, fields: tuple[Field, ...], *, caption: str
) -> list[ShownTable]:
    """Two tables: rows of all forests, and rows of groups of site-years."""
    whole = table["subset"] == "all"
    keys = (FLUX, SPLIT, MODEL)
    # Each table has a caption of its own: those who listen to the page tell them by it.
    parts = (
        (table[whole], keys, f"All forests: {caption}"),
        (table[~whole], (*keys, SUBSET), f"Parts of the forest: {caption}"),
    )
    return [
        show_table(sort_rows(rows), (*beside, *fields), caption=words)
        for rows, beside, words in parts
    ]


def gap_table(gaps: pd.DataFrame) -> ShownTable:
    """R2 of each model and gap case with what was lost."""
    gaps = gaps[gaps["target"].isin(TARGET_FLUXES)]
    table = sort_rows(gaps.assign(split="site", subset="all"))
    cases = zip(table["gap_pattern"], table["gap_fraction"], strict=True)
    table = table.assign(
        ends=join_bounds(table, "r2_lost"),
        hidden=[case_label(pattern, fraction) for pattern, fraction in cases],
    )
    fields = (
        *(FLUX, MODEL, Field("hidden", "hidden"), R2),
        Field("r2_lost", "R2 lost", "z.3f"),
        Field("ends", "95 % over sites"),
        Field("rmse", "RMSE", ",.0f"),
        *SIZE,
    )
    caption = "What gaps cost at unseen sites; RMSE in gC m-2 yr-1"
    return show_table(table, fields, caption=caption)


def case_label(pattern: str, fraction: float) -> str:
    """`block` of 0.25 as 3 months in a row, `random` of 0.3 as 30 % of the values."""
    months = f"{12 * fraction:.3g} months in a row"
    return {
        "none": "nothing",
        "random": f"{fraction:.0%} of the values",
        "block": "1 month" if round(12 * fraction, 3) == 1 else months,
        "borrowed": f"gaps of another site-year ({fraction:.0%} on average)",
    }.get(pattern) or f"{series_label(pattern)} all year"


def sanity_table(sanity: pd.DataFrame) -> ShownTable:
    """The checks of the maps of reasons with the values that pass."""
    bounds = zip(sanity["low"], sanity["high"], strict=True)
    ranges = [
        f"{low:g} and more" if np.isinf(high) else f"{low:g} to {high:g}"
        for low, high in bounds
    ]
    fields = (
        Field("check", "check", CHECKS.__getitem__),
        Field("method", "map", METHODS.__getitem__),
        Field("flux", "flux", str.upper),
        Field("value", "found", "z.2f"),
        Field("sd", "spread", ".2f"),
        Field("bounds", "passes"),
        Field("status", "status"),
    )
    caption = "Whether the reasons can be believed"
    return show_table(sanity.assign(bounds=ranges), fields, caption=caption)


def sort_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Rows by flux, split, model and subset in the order that figures use."""
    orders: dict[str, list[str]] = {
        "target": ["gpp", "reco", "nee"],
        "split": list(SPLITS),
        "model": order_models(table["model"]),
        "subset": [
            "all",
            *(f"applicable={name}" for name in APPLICABILITY_SIDES),
            *(f"igbp={name}" for name in FOREST_TYPES),
            *(f"climate={name}" for name in CLIMATES),
            *(f"years={name}" for _, _, name in YEAR_CLASSES),
        ],
    }
    places = {
        name: {value: place for place, value in enumerate(order)}
        for name, order in orders.items()
    }

    def find_places(column: pd.Series) -> pd.Series:
        return column.map(places[str(column.name)])

    return table.sort_values(list(orders), key=find_places, kind="stable")
