"""Tables of the report on other products: totals, agreement, and both by year."""

import pandas as pd

from forestflux.core.total_units import choose_total_unit, describe_area
from forestflux.evaluation.compare.comparison_schemas import COMPARISON
from forestflux.pages.report.shown_table import Field, ShownTable, show_table
from forestflux.pages.shown_totals import scale_totals

# What the m2 of a product is of, in words.
GROUNDS = {
    "land": "land, taken as forest",
    "cell": "whole cell, divided by its land",
    "forest": "forest",
    "forest_in_cell": "whole cell, divided by its forest",
}


def show_comparison(comparison: pd.DataFrame) -> list[ShownTable]:
    """Agreement over all common years, change over them, what was compared, each year."""
    largest = comparison[["total_run", "total_product"]].abs().to_numpy().max()
    unit = choose_total_unit(float(largest))
    comparison = scale_totals(comparison, COMPARISON, unit)
    rows = comparison.assign(
        product=comparison["title"].fillna(comparison["product"]),
        source=comparison["source"].fillna("the user"),
        per=comparison["per"].map(GROUNDS),
    )
    product = (Field("product", "product", str), Field("flux", "flux", str.upper))
    names = (*product, Field("years", "years", str))
    sizes = (
        Field("total_run", f"total, run ({unit.total})", ".2f"),
        Field("total_product", "total, product", ".2f"),
        Field("bias", "bias (gC m-2 yr-1)", "+,.0f"),
        Field("spatial_r", "r over places", ".2f"),
    )
    changes = (
        Field("slope_run", f"slope, run ({unit.slope})", "+.3f"),
        Field("slope_product", "slope, product", "+.3f"),
        Field("year_r", "r over years", ".2f"),
    )
    # The third and the last column hold the long words, which the page wraps.
    about = (
        Field("per", "its m2 is of", str),
        Field("area", "common forest", describe_area),
        Field("share", "share of the mapped forest", ".0%"),
        Field("resolution", "its cell (degrees)", ".3g"),
        Field("source", "source", str),
    )
    whole = rows[rows["kind"] == "all"]
    return [
        show_table(
            whole, (*names, *sizes), caption="All common years; NEE below zero: uptake"
        ),
        show_table(
            whole,
            (*names, *changes),
            caption="How both change over the common years; slopes need three of them, r four",
        ),
        show_table(whole, (*product, *about), caption="What was compared"),
        show_table(
            rows[rows["kind"] != "all"], (*names, *sizes), caption="Years and windows"
        ),
    ]
