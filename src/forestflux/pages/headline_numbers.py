"""Headline numbers: those that a text quotes, with unit, interval and source table."""

import math
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from forestflux.change.change_schemas import PAIR, TOTALS
from forestflux.core.input_errors import InputError
from forestflux.core.names import NETWORK, TARGET_FLUXES
from forestflux.core.total_units import TotalUnit
from forestflux.evaluation.evaluation_schemas import CALIBRATION, SCORES
from forestflux.jobs.tables import Column, TableSchema
from forestflux.pages.number_text import format_p_value
from forestflux.pages.shown_totals import choose_run_unit

HEADLINE = TableSchema(
    path="headline.csv",
    row="a number that a text quotes",
    columns=(
        Column("quantity", "key, such as `gpp_total_2018`", "text"),
        Column("name", "the same in words", "text"),
        Column("value", "the number, in its unit"),
        Column("lower", "lower end of its interval, empty where there is none"),
        Column("upper", "upper end of the interval"),
        Column("unit", "of the three numbers", "text"),
        Column("text", "the value as a text writes it", "text"),
        Column("remark", "interval or sample size as a text writes it", "text"),
        Column("source", "the table it comes from", "text"),
    ),
)
NAN = float("nan")  # no interval
# Rows of the network over all forests with whole sites held out.
UNSEEN_SITES = {"model": NETWORK, "split": "site", "subset": "all"}


def headline_numbers(
    tables: Mapping[str, Path], *, pair: tuple[int, int] | None
) -> pd.DataFrame:
    """Headline numbers of a run, one row each.

    Parameters
    ----------
    tables : CSV files by the name of the file: `scores`, `calibration` and, with maps,
        `totals` and `pair`
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
    InputError : a table or a row is missing, or a table lacks a column
    """
    rows: list[dict] = []
    if pair:
        unit = choose_run_unit(TOTALS.read_file(tables["totals"]))
        rows += total_rows(tables["totals"], pair=pair, unit=unit)
        rows += change_rows(tables["pair"], pair=pair, unit=unit)
    rows += score_rows(tables["scores"])
    rows += coverage_rows(tables["calibration"])
    return pd.DataFrame(rows, columns=HEADLINE.names)


def total_rows(
    totals: Path, *, pair: tuple[int, int], unit: TotalUnit
) -> Iterator[dict]:
    """Totals over all forests in both years of the pair."""
    columns = "year stratum variable total total_lower total_upper"
    table = TOTALS.read_file(totals, columns=columns.split())
    for flux, year in product(TARGET_FLUXES, pair):
        row = find_row(table, totals, stratum="all", variable=flux, year=year)
        yield make_row(
            f"{flux}_total_{year}",
            f"{flux.upper()} {year}, all forests",
            scale_ends(row, "total", unit),
            unit=unit.total,
            source=TOTALS.path,
        )


def change_rows(
    changes: Path, *, pair: tuple[int, int], unit: TotalUnit
) -> Iterator[dict]:
    """Difference of the pair over all forests and, of more than two years, slope of the series."""
    columns = "stratum variable change change_lower change_upper"
    columns += " slope slope_lower slope_upper slope_p"
    table = PAIR.read_file(changes, columns=columns.split())
    for flux in TARGET_FLUXES:
        row = find_row(table, changes, stratum="all", variable=flux)
        years = "-".join(map(str, pair))
        yield make_row(
            f"{flux}_change",
            f"Change of {flux.upper()}, {years}",
            scale_ends(row, "change", unit),
            unit=unit.total,
            source=PAIR.path,
            form="+.2f",
        )
        slope = scale_ends(row, "slope", unit)
        if math.isnan(slope[0]):  # two years have no trend
            continue
        yield make_row(
            f"{flux}_slope",
            f"Slope of {flux.upper()}",
            slope,
            unit=unit.slope,
            source=PAIR.path,
            form="+.3f",
            remark=f"p {format_p_value(row['slope_p'])}",
        )


def scale_ends(
    row: Mapping[str, Any], name: str, unit: TotalUnit
) -> tuple[float, float, float]:
    """A number of a row and the ends of its interval in a unit."""
    value, lower, upper = (
        unit.factor * float(row[f"{name}{end}"]) for end in ("", "_lower", "_upper")
    )
    return value, lower, upper


def score_rows(scores: Path) -> Iterator[dict]:
    """Scores of the network over all forests with whole sites held out."""
    columns = "model split target subset n n_sites r2 rmse"
    table = SCORES.read_file(scores, columns=columns.split())
    for flux in TARGET_FLUXES:
        row = find_row(table, scores, **UNSEEN_SITES, target=flux)
        for key, title, unit, form in (
            ("r2", "R2", "1", ".2f"),
            ("rmse", "RMSE", "gC m-2 yr-1", ".0f"),
        ):
            yield make_row(
                f"{flux}_{key}_by_site",
                f"{title} of {flux.upper()} at unseen sites",
                (row[key], NAN, NAN),
                unit=unit,
                source=SCORES.path,
                form=form,
                remark=f"{row['n']:.0f} site-years, {row['n_sites']:.0f} sites",
            )


def coverage_rows(calibration: Path) -> Iterator[dict]:
    """Coverage of the network's intervals with whole sites held out."""
    columns = "model split target subset nominal covered"
    table = CALIBRATION.read_file(calibration, columns=columns.split())
    for flux in TARGET_FLUXES:
        row = find_row(table, calibration, **UNSEEN_SITES, target=flux)
        yield make_row(
            f"{flux}_coverage_by_site",
            f"Coverage of {flux.upper()} at unseen sites",
            (row["covered"], NAN, NAN),
            unit="1",
            source=CALIBRATION.path,
            form=".0%",
            remark=f"nominal {row['nominal']:.0%}",
        )


def find_row(table: pd.DataFrame, path: Path, **values: object) -> dict[str, Any]:
    """The row of a table that has these values in its columns."""
    keys = pd.Series(values)
    rows = table[(table[list(values)] == keys).all(axis=1)]
    if rows.empty:
        raise InputError(
            path,
            variable=", ".join(values),
            expected=f"a row of {', '.join(map(str, values.values()))}",
            found="none",
        )
    return {str(name): value for name, value in rows.iloc[0].items()}


def make_row(
    quantity: str,
    name: str,
    values: tuple[float, float, float],
    *,
    unit: str,
    source: str,
    form: str = ".2f",
    remark: str = "",
) -> dict:
    """One row; its remark begins with the interval, where there is one."""
    value, lower, upper = values
    bounds = ""
    if pd.notna(lower) and pd.notna(upper):
        plain = form.removeprefix("+")
        bounds = f"[{lower:{plain}}, {upper:{plain}}]"
    text = f"{value:{form}}" + ("" if unit == "1" else f" {unit}")
    remarks = "; ".join(part for part in (bounds, remark) if part)
    row = (quantity, name, value, lower, upper, unit, text, remarks, source)
    return dict(zip(HEADLINE.names, row, strict=True))
