"""Headline numbers: those that a text quotes, with unit, interval and source table."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from forestflux.core.names import NETWORK, TARGET_FLUXES
from forestflux.jobs.tables import read_table
from forestflux.pages.number_text import format_p_value

COLUMNS = (
    "quantity",
    "name",
    "value",
    "lower",
    "upper",
    "unit",
    "text",
    "remark",
    "source",
)


def headline_numbers(results: Path, *, pair: tuple[int, int] | None) -> pd.DataFrame:
    """Headline numbers of a run, one row each.

    Parameters
    ----------
    results : folder of the run
    pair : the pair of years; None for a run without maps

    Returns
    -------
    quantity : key, such as `gpp_total_2018`
    name : the same in words
    value, lower, upper, unit : bounds are empty where there is no interval
    text, remark : the value and its interval or sample size as a text writes them
    source : the table, relative to the run's folder

    Raises
    ------
    InputError : a table is missing or lacks a column
    """
    rows = [*total_rows(results, pair), *change_rows(results, pair)] if pair else []
    return pd.DataFrame([*rows, *skill_rows(results)], columns=list(COLUMNS))


def total_rows(results: Path, pair: tuple[int, int]) -> Iterator[dict]:
    """Totals over all forests in both years of the pair."""
    columns = "year stratum variable total total_lower total_upper"
    source = "change/totals.csv"
    table = read_table(results / source, columns=columns.split())
    table = table[table["stratum"] == "all"].set_index(["variable", "year"])
    for flux in TARGET_FLUXES:
        for year in pair:
            row = table.loc[(flux, year)]
            yield make_row(
                f"{flux}_total_{year}",
                f"{flux.upper()} {year}, all forests",
                (row["total"], row["total_lower"], row["total_upper"]),
                unit="PgC yr-1",
                source=source,
            )


def change_rows(results: Path, pair: tuple[int, int]) -> Iterator[dict]:
    """Difference of the pair and slope of the series over all forests."""
    columns = "stratum variable change change_lower change_upper"
    columns += " slope slope_lower slope_upper p_value"
    source = "change/pair.csv"
    table = read_table(results / source, columns=columns.split())
    table = table[table["stratum"] == "all"].set_index("variable")
    for flux in TARGET_FLUXES:
        row = table.loc[flux]
        years = "-".join(map(str, pair))
        yield make_row(
            f"{flux}_change",
            f"Change of {flux.upper()}, {years}",
            (row["change"], row["change_lower"], row["change_upper"]),
            unit="PgC yr-1",
            source=source,
            form="+.2f",
        )
        yield make_row(
            f"{flux}_slope",
            f"Slope of {flux.upper()}",
            (row["slope"], row["slope_lower"], row["slope_upper"]),
            unit="PgC yr-2",
            source=source,
            form="+.3f",
            remark=f"p {format_p_value(row['p_value'])}",
        )


def skill_rows(results: Path) -> Iterator[dict]:
    """Scores and coverage of the network with whole sites held out."""
    columns = "model split target subset n n_sites r2 rmse"
    source = "evaluate/scores.csv"
    scores = select_unseen_sites(read_table(results / source, columns=columns.split()))
    for flux in TARGET_FLUXES:
        row = scores.loc[flux]
        size = f"{row['n']:.0f} site-years, {row['n_sites']:.0f} sites"
        for key, title, unit, form in (
            ("r2", "R2", "1", ".2f"),
            ("rmse", "RMSE", "gC m-2 yr-1", ".0f"),
        ):
            yield make_row(
                f"{flux}_{key}_by_site",
                f"{title} of {flux.upper()} at unseen sites",
                (row[key], None, None),
                unit=unit,
                source=source,
                form=form,
                remark=size,
            )
    columns = "model split target subset nominal covered"
    source = "evaluate/calibration.csv"
    coverage = select_unseen_sites(
        read_table(results / source, columns=columns.split())
    )
    for flux in TARGET_FLUXES:
        row = coverage.loc[flux]
        yield make_row(
            f"{flux}_coverage_by_site",
            f"Coverage of {flux.upper()} at unseen sites",
            (row["covered"], None, None),
            unit="1",
            source=source,
            form=".0%",
            remark=f"nominal {row['nominal']:.0%}",
        )


def select_unseen_sites(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the network over all forests with whole sites held out, by flux."""
    chosen = (table["split"] == "site") & (table["subset"] == "all")
    return table[chosen & (table["model"] == NETWORK)].set_index("target")


def make_row(
    quantity: str,
    name: str,
    values: tuple[float, float | None, float | None],
    *,
    unit: str,
    source: str,
    form: str = ".2f",
    remark: str = "",
) -> dict:
    """One row; its remark begins with the interval, where there is one."""
    value, lower, upper = values
    bounds = ""
    if lower is not None and pd.notna(lower) and pd.notna(upper):
        plain = form.removeprefix("+")
        bounds = f"[{lower:{plain}}, {upper:{plain}}]"
    text = f"{value:{form}}" + ("" if unit == "1" else f" {unit}")
    remarks = "; ".join(part for part in (bounds, remark) if part)
    row = (quantity, name, value, lower, upper, unit, text, remarks, source)
    return dict(zip(COLUMNS, row, strict=True))
