"""Tables of the change of strata: the pair, the windows and the series of totals.

All numbers are ensemble means. Intervals are of the errors that towers showed which no network
had seen (`forestflux.change.errors`); tests add the interannual variability of what is compared.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from forestflux.change.change_schemas import PAIR, TG_PER_PG, TOTALS
from forestflux.change.errors.total_errors import TotalErrors
from forestflux.change.errors.year_weights import weigh_difference, weigh_slope
from forestflux.change.strata.divisions import OUTSIDE
from forestflux.change.trends.interannual import kendall_variance_factor, mean_variance
from forestflux.change.trends.significance import adjust_p
from forestflux.change.trends.t_tests import t_half_width, t_test_p
from forestflux.change.trends.theil_sen import mann_kendall
from forestflux.change.trends.variability import TotalVariability
from forestflux.change.year_windows import YearWindow, average_window
from forestflux.core.names import FLUXES, PG_PER_G

# Kinds of `totals.csv` and `pair.csv`; the other tables have all.
MAIN_KINDS = ("all", "type", "band")


def build_change_tables(
    totals: xr.Dataset,
    errors: TotalErrors,
    *,
    pair: tuple[int, int],
    windows: tuple[YearWindow, YearWindow],
    level: float,
    regions: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """The tables of strata: totals, regions, pair, region_changes, windows.

    Parameters
    ----------
    totals : `area (year, stratum)` m2, `total (year, variable, stratum, member)` PgC
        yr-1, `cells (stratum)`, `on_grid (stratum)`, coordinates `kind`, `code`
    errors : of the totals
    pair : first and second year
    windows : earlier and later window
    level : probability of the intervals
    regions : what `totals.tabulate_years` gives
    """
    variability = TotalVariability(totals)
    changes = tabulate_pair(totals, variability, errors, pair=pair, level=level)
    main = regions["kind"].isin(MAIN_KINDS)
    forest = regions.groupby(["stratum", "kind"])["area"].transform("max") > 0
    pairs = changes[changes["kind"].isin(MAIN_KINDS)]
    return {
        "totals": regions.loc[main, TOTALS.names],
        "regions": regions[forest],
        "pair": pairs[PAIR.names],
        "region_changes": changes,
        "windows": tabulate_windows(
            totals, variability, errors, windows=windows, level=level
        ),
    }


def tabulate_pair(
    totals: xr.Dataset,
    variability: TotalVariability,
    errors: TotalErrors,
    *,
    pair: tuple[int, int],
    level: float,
) -> pd.DataFrame:
    """`region_changes.csv`: the pair and the slope of every stratum and flux.

    Parameters
    ----------
    totals : see `build_change_tables`
    variability, errors : of the same totals
    pair : first and second year
    level : probability of the intervals
    """
    first, second = (totals.sel(year=year) for year in pair)
    change = (second["total"] - first["total"]).mean("member").values
    weights = weigh_difference(variability.years, pair[:1], pair[1:])
    assessed = variability.assess_change(
        change,
        errors.variance(weights),
        2 * variability.variance,
        freedom=errors.freedom,
        level=level,
    )
    columns = {
        **name_pair("area", first["area"].values, second["area"].values),
        **name_pair("mean", *(mean_flux(year) for year in (first, second))),
        **name_pair(
            "total", *(year["total"].values.mean(-1) for year in (first, second))
        ),
        **assessed,
        **{
            name.replace("change", "change_tg"): assessed[name] * TG_PER_PG
            for name in ("change", "change_lower", "change_upper")
        },
        **assess_slopes(variability, errors, level=level),
    }
    forest = totals["area"].values.max(axis=0) > 0
    for name in ("change_p", "slope_p"):
        columns[name] = np.where(forest, columns[name], np.nan)
    status = np.where(forest, "mapped", "no forest")
    status = np.where(totals["on_grid"].values > 0, status, "lost")
    head = {"status": status, "cells": totals["cells"].values}
    years = dict(zip(("first_year", "second_year"), pair, strict=True))
    table = stack_fluxes(totals, head, columns, after=years | {"level": level})
    return insert_adjusted_p(table, "change_p", "slope_p")


def name_pair(
    name: str, first: np.ndarray, second: np.ndarray
) -> dict[str, np.ndarray]:
    """The columns of both years of a number."""
    return {f"{name}_first": first, f"{name}_second": second}


def mean_flux(year: xr.Dataset) -> np.ndarray:
    """Mean flux (variable, stratum) of a year, gC m-2 yr-1, NaN without forest."""
    area = np.broadcast_to(year["area"].values, year["total"].shape[:-1])
    mean = np.full(area.shape, np.nan)
    total = year["total"].values.mean(axis=-1)
    return np.divide(total, area * PG_PER_G, out=mean, where=area > 0)


def assess_slopes(
    variability: TotalVariability, errors: TotalErrors, *, level: float
) -> dict[str, np.ndarray]:
    """Slope, bounds and p (variable, stratum) of the series.

    The bounds are of the error of the slope. The p is the larger of two: that of the
    Mann-Kendall test, which asks whether the slope stands out of the interannual variability,
    and that of its error.
    """
    years, mean, slope = variability.years, variability.mean, variability.slope
    sd = np.sqrt(errors.variance(weigh_slope(years)))
    half = t_half_width(sd, errors.freedom, level=level)
    factor = kendall_variance_factor(variability.autocorrelation, len(years))
    p = mann_kendall(mean, factor=factor)
    return {
        "slope": slope,
        "slope_lower": slope - half,
        "slope_upper": slope + half,
        "slope_p": np.maximum(p, t_test_p(slope, sd, errors.freedom)),
    }


def tabulate_windows(
    totals: xr.Dataset,
    variability: TotalVariability,
    errors: TotalErrors,
    *,
    windows: tuple[YearWindow, YearWindow],
    level: float,
) -> pd.DataFrame:
    """`windows.csv`: mean of the later window minus that of the earlier.

    Parameters
    ----------
    totals : see `build_change_tables`
    variability, errors : of the same totals
    windows : earlier and later window
    level : probability of the interval
    """
    missing = any(window.status == "missing" for window in windows)
    whole = all(window.status == "whole" for window in windows)
    status = "missing" if missing else "whole" if whole else "cut"
    earlier, later = (
        average_window(totals["total"].values, variability.years, window)
        for window in windows
    )
    lengths = [max(len(window.years), 1) for window in windows]
    share = sum(
        mean_variance(variability.autocorrelation, length) for length in lengths
    )
    weights = weigh_difference(variability.years, *(window.years for window in windows))
    result = variability.assess_change(
        (later - earlier).mean(axis=-1),
        errors.variance(weights),
        variability.variance * share,
        freedom=errors.freedom,
        level=level,
    )
    forest = totals["area"].values.max(axis=0) > 0
    columns = {
        "total_first": earlier.mean(axis=-1),
        "total_second": later.mean(axis=-1),
        **result,
        "change_p": np.where(forest, result["change_p"], np.nan),
    }
    years = dict(
        zip(("first_years", "second_years"), (w.text for w in windows), strict=True)
    )
    table = stack_fluxes(totals, {}, columns, after={**years, "status": status})
    return insert_adjusted_p(table, "change_p")


def stack_fluxes(
    totals: xr.Dataset,
    head: dict[str, np.ndarray],
    columns: dict[str, np.ndarray],
    *,
    after: Mapping[str, str | float] | None = None,
) -> pd.DataFrame:
    """One row per flux and stratum from columns (variable, stratum) or (stratum,).

    Parameters
    ----------
    totals : gives stratum, kind and code
    head : columns (stratum,) before the flux
    columns : columns after it
    after : constant columns between the two
    """
    tables = []
    for position, variable in enumerate(FLUXES):
        rows: dict[str, np.ndarray | str | float] = {
            name: totals[name].values for name in ("stratum", "kind", "code")
        }
        rows |= head | {"variable": variable} | dict(after or {})
        for name, values in columns.items():
            rows[name] = values if values.ndim == 1 else values[position]
        tables.append(pd.DataFrame(rows))
    return pd.concat(tables, ignore_index=True)


def insert_adjusted_p(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    """The table with a column `{name}_adjusted` behind each p: over the strata of a kind.

    What lies outside all countries, continents or regions is no stratum of its own and is
    not tested.
    """
    tested = table["stratum"] != OUTSIDE
    for name in names:
        p = table[name].where(tested)
        p_adjusted = p.groupby(
            [table["kind"], table["variable"]], sort=False
        ).transform(lambda values: adjust_p(values.to_numpy()))
        behind = table.columns.tolist().index(name) + 1
        table.insert(behind, f"{name}_adjusted", p_adjusted)
    return table


def collect_totals(
    sums: dict[str, np.ndarray],
    strata: Sequence[tuple[str, str, str]],
    *,
    years: Sequence[int],
    on_grid: np.ndarray,
) -> xr.Dataset:
    """The sums over all blocks as a labelled dataset.

    Parameters
    ----------
    sums : see `change_blocks.BlockChange`
    strata : name, kind and code
    years : (year,)
    on_grid : cells of the grid in each stratum, forest or not (stratum,)
    """
    names, kinds, codes = zip(*strata, strict=True)
    cells = ("year", "variable", "stratum", "member")
    return xr.Dataset(
        {
            "area": (("year", "stratum"), sums["area"], {"units": "m2"}),
            "inside": (("year", "stratum"), sums["inside"], {"units": "m2"}),
            "total": (cells, sums["total"].swapaxes(-1, -2), {"units": "PgC yr-1"}),
            "part": (("part", *cells[1:]), sums["part"].swapaxes(-1, -2)),
            "cells": ("stratum", sums["cells"]),
            "on_grid": ("stratum", on_grid),
        },
        coords={
            "year": list(years),
            "variable": list(FLUXES),
            "stratum": list(names),
            "kind": ("stratum", list(kinds)),
            "code": ("stratum", list(codes)),
        },
    )
