"""Change of strata: the pair, the windows and the series of totals as tables.

Everything is of sums made member by member. Intervals and tests join, as independent,
the members' spread of the change itself, so that what a member gets wrong in both years
cancels, and the interannual variability of what is compared.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from forestflux.change.strata.totals import PG_PER_G, member_half_width
from forestflux.change.trends.interannual import mean_variance, score_factor
from forestflux.change.trends.significance import adjusted
from forestflux.change.trends.theil_sen import mann_kendall, sen_interval
from forestflux.change.trends.variability import Weather, consecutive_slope
from forestflux.change.year_windows import Window, window_means
from forestflux.core.names import FLUXES

# Kinds of `totals.csv` and `pair.csv`; the other tables have all.
FIRST_KINDS = ("all", "type", "band")
PAIR = ["stratum", "kind", "variable", "total_first", "total_second", "change"]
PAIR += ["change_lower", "change_upper", "slope", "slope_lower", "slope_upper"]


def change_tables(
    totals: xr.Dataset,
    *,
    pair: tuple[int, int],
    windows: tuple[Window, Window],
    level: float,
    series: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """The tables of strata by name: totals, series, pair, regions, windows.

    Parameters
    ----------
    totals : `area (year, stratum)` m2, `total (year, variable, stratum, member)` PgC
        yr-1, `cells (stratum)`, `on_grid (stratum)`, coordinates `kind`, `code`
    pair : first and second year
    windows : earlier and later window
    level : probability of the intervals
    series : what `totals.summarise` gives
    """
    weather = Weather(totals)
    regions = region_table(totals, weather, pair=pair, level=level)
    first = series["kind"].isin(FIRST_KINDS)
    known = series.groupby(["stratum", "kind"])["area"].transform("max") > 0
    pairs = regions[regions["kind"].isin(FIRST_KINDS)]
    return {
        "totals": series[first].drop(columns="code"),
        "series": series[known],
        "pair": pairs[PAIR].assign(p_value=pairs["slope_p"]),
        "regions": regions,
        "windows": window_table(totals, weather, windows=windows, level=level),
    }


def region_table(
    totals: xr.Dataset, weather: Weather, *, pair: tuple[int, int], level: float
) -> pd.DataFrame:
    """`regions.csv`: the pair and the slope of every stratum and flux.

    Parameters
    ----------
    totals : see `change_tables`
    weather : of the same totals
    pair : first and second year
    level : probability of the intervals
    """
    first, second = (totals.sel(year=year) for year in pair)
    change = (second["total"] - first["total"]).values
    columns = {
        **sides("area", first["area"].values, second["area"].values),
        **sides("mean", *(mean_flux(year) for year in (first, second))),
        **sides("total", *(year["total"].values.mean(-1) for year in (first, second))),
        **weather.compared(change, 2 * weather.variance, level=level),
        **slopes(totals, weather, level=level),
    }
    forest = totals["area"].values.max(axis=0) > 0
    for name in ("change_p", "slope_p"):
        columns[name] = np.where(forest, columns[name], np.nan)
    status = np.where(forest, "mapped", "no forest")
    status = np.where(totals["on_grid"].values > 0, status, "lost")
    head = {"status": status, "cells": totals["cells"].values}
    table = stacked(totals, head, columns)
    return with_adjusted(table, "change_p", "slope_p")


def sides(name: str, first: np.ndarray, second: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of both years."""
    return {f"{name}_first": first, f"{name}_second": second}


def mean_flux(year: xr.Dataset) -> np.ndarray:
    """Mean flux (variable, stratum) of a year, gC m-2 yr-1, NaN without forest."""
    area = np.broadcast_to(year["area"].values, year["total"].shape[:-1])
    mean = np.full(area.shape, np.nan)
    total = year["total"].values.mean(axis=-1)
    return np.divide(total, area * PG_PER_G, out=mean, where=area > 0)


def slopes(
    totals: xr.Dataset, weather: Weather, *, level: float
) -> dict[str, np.ndarray]:
    """Slope, bounds and p (variable, stratum) of the series.

    Sen's interval of the ensemble mean is joined with the spread of the members' slopes.
    """
    years, mean, slope = weather.years, weather.mean, weather.slope
    of_members = consecutive_slope(totals["total"].values, years)
    members = member_half_width(of_members, level=level)
    factor = score_factor(weather.rho, len(years))
    low, high = sen_interval(mean, years, level=level, factor=factor)
    p = mann_kendall(mean, factor=factor)
    return {
        "slope": slope,
        "slope_lower": slope - np.hypot(slope - low, members),
        "slope_upper": slope + np.hypot(high - slope, members),
        "slope_p": p,
    }


def window_table(
    totals: xr.Dataset,
    weather: Weather,
    *,
    windows: tuple[Window, Window],
    level: float,
) -> pd.DataFrame:
    """`windows.csv`: mean of the later window minus that of the earlier.

    Parameters
    ----------
    totals : see `change_tables`
    weather : of the same totals
    windows : earlier and later window
    level : probability of the interval
    """
    missing = any(window.status == "missing" for window in windows)
    whole = all(window.status == "whole" for window in windows)
    status = "missing" if missing else "whole" if whole else "cut"
    earlier, later = (
        window_means(totals["total"].values, weather.years, window)
        for window in windows
    )
    lengths = [max(len(window.years), 1) for window in windows]
    share = sum(mean_variance(weather.rho, length) for length in lengths)
    result = weather.compared(later - earlier, weather.variance * share, level=level)
    forest = totals["area"].values.max(axis=0) > 0
    columns = {
        "total_first": earlier.mean(axis=-1),
        "total_second": later.mean(axis=-1),
        **result,
        "p_value": np.where(forest, result["change_p"], np.nan),
    }
    columns.pop("change_p")
    years = dict(
        zip(("first_years", "second_years"), (w.text for w in windows), strict=True)
    )
    table = stacked(totals, {}, columns, after={**years, "status": status})
    return with_adjusted(table, "p_value").rename(
        columns={"p_value_adjusted": "p_adjusted"}
    )


def stacked(
    totals: xr.Dataset,
    head: dict[str, np.ndarray],
    columns: dict[str, np.ndarray],
    *,
    after: dict[str, str] | None = None,
) -> pd.DataFrame:
    """One row per flux and stratum from columns (variable, stratum) or (stratum,).

    Parameters
    ----------
    totals : gives stratum, kind and code
    head : columns (stratum,) before the flux
    columns : columns behind it
    after : constant columns between the two
    """
    frames = []
    for position, variable in enumerate(FLUXES):
        rows = {name: totals[name].values for name in ("stratum", "kind", "code")}
        rows |= head | {"variable": variable} | (after or {})
        for name, values in columns.items():
            rows[name] = values if values.ndim == 1 else values[position]
        frames.append(pd.DataFrame(rows))
    return pd.concat(frames, ignore_index=True)


def with_adjusted(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    """The table with a column `{name}_adjusted` behind each p: over the strata of a kind.

    What lies outside all countries, continents or regions is no stratum of its own.
    """
    tested = table["stratum"] != "none"
    for name in names:
        p = table[name].where(tested)
        held = p.groupby([table["kind"], table["variable"]], sort=False).transform(
            lambda values: adjusted(values.to_numpy())
        )
        table.insert(table.columns.get_loc(name) + 1, f"{name}_adjusted", held)
    return table


def total_dataset(
    sums: dict[str, np.ndarray],
    strata: Sequence[tuple[str, str, str]],
    *,
    years: Sequence[int],
    on_grid: np.ndarray,
) -> xr.Dataset:
    """The sums over all blocks with their names.

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
