"""Change: the pair of years, the series between and what of it is more than noise."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats
from tqdm import tqdm

from forestflux.errors import InputError
from forestflux.names import FLUXES
from forestflux.store import load_store, open_store
from forestflux.totals import (
    Band,
    member_half_width,
    summarise,
    year_totals,
    zonal_profile,
)
from forestflux.trend import MINIMUM_VALUES, detrended_sd, mann_kendall, theil_sen

YEAR_LAYERS = (
    "gpp",
    "reco",
    "nee",
    "gpp_member",
    "reco_member",
    "forest_fraction",
    "forest_type",
    "cell_area",
)
MAPPED_FLUXES = ("gpp", "nee")


def analyse(
    maps: dict[int, Path],
    *,
    pair: tuple[int, int],
    bands: Sequence[Band],
    level: float,
    fdr_alpha: float,
    zone_width_deg: float,
) -> tuple[xr.Dataset, dict[str, pd.DataFrame]]:
    """The change store and the tables totals, pair, zonal and significance (docs/contracts.md, change).

    Differences are second minus first year, member by member, so that what a member gets wrong in both years cancels.
    Slopes and tests are of the years from the first to the second, both included.

    Parameters
    ----------
    maps : map store by year, every year of a series
    pair : first and second year
    bands : latitude bands
    level : probability of the intervals in the tables
    fdr_alpha : false discovery rate at which cells count as significant
    zone_width_deg : height of a zone in the zonal table, degrees

    Raises
    ------
    InputError : a year is missing; a map has another year, grid or number of members; the pair is not in the series
    """
    years = check_series(maps, pair=pair)
    totals, rows, zones, fluxes = {}, [], [], {}
    for year in tqdm(years, desc="change", disable=None):
        dataset = load_store(maps[year], YEAR_LAYERS)
        totals[year] = year_totals(dataset, bands=bands)
        rows.append(summarise(totals[year], year=year, level=level))
        zones.append(zonal_profile(dataset, year=year, width_deg=zone_width_deg))
        if pair[0] <= year <= pair[1]:
            fluxes[year] = {name: dataset[name].values for name in MAPPED_FLUXES}
    change = cell_change(maps, fluxes, pair=pair)
    tables = {
        "totals": pd.concat(rows, ignore_index=True),
        "pair": pair_table(totals, pair=pair, level=level),
        "zonal": pd.concat(zones, ignore_index=True),
        "significance": significance(change, alpha=fdr_alpha),
    }
    return change, tables


def check_series(maps: dict[int, Path], *, pair: tuple[int, int]) -> list[int]:
    """The years of the maps in order, after all maps are compared with the first.

    Raises
    ------
    InputError : see `analyse`
    """
    years = sorted(maps)
    missing = sorted(set(range(min(years, default=0), max(years, default=0))) - set(years))
    if missing or not years:
        raise InputError(
            "maps",
            variable="year",
            expected="every year of a series",
            found=f"no map of {', '.join(map(str, missing)) or 'any year'}",
        )
    if not years[0] <= pair[0] < pair[1] <= years[-1]:
        raise InputError(
            "configuration",
            variable="change.pair",
            expected=f"two years in order within {years[0]}-{years[-1]}",
            found=f"{pair[0]}, {pair[1]}",
        )
    first = fingerprint(open_store(maps[years[0]]))
    for year in years:
        dataset = open_store(maps[year])
        for name, found in {**fingerprint(dataset), "year": dataset.attrs.get("year")}.items():
            wanted = year if name == "year" else first[name]
            if found != wanted:
                raise InputError(
                    maps[year], variable=name, expected=str(wanted), found=str(found)
                )
    return years


def fingerprint(dataset: xr.Dataset) -> dict[str, str]:
    """Members and axes of a map in words that differ when the maps do not fit together."""
    axes = {
        name: "{} values from {:.6g} to {:.6g}".format(
            dataset[name].size, *dataset[name].values[[0, -1]]
        )
        for name in ("y", "x")
    }
    return {"member": f"{dataset.sizes.get('member')} members", **axes}


def cell_change(
    maps: dict[int, Path],
    fluxes: dict[int, dict[str, np.ndarray]],
    *,
    pair: tuple[int, int],
) -> xr.Dataset:
    """Difference, its standard deviation, slope and p of every cell that is forest in both years.

    The variance of a difference is the members' variance of the paired difference plus twice the square of the
    interannual variability (what the slope leaves of the cell's series): two single years differ by weather alone.
    A slope needs half of the years.

    Parameters
    ----------
    maps : map store by year
    fluxes : gpp and nee (y, x) by year, the pair's years and all between
    pair : first and second year
    """
    years = np.array(sorted(fluxes))
    template = load_store(maps[pair[1]], ("forest_fraction", "cell_area"))
    earlier = load_store(maps[pair[0]], ("forest_fraction",))["forest_fraction"]
    fraction = (template["forest_fraction"] + earlier) / 2
    fraction.attrs = {
        "units": "1",
        "long_name": f"share of the cell that is forest, mean of {pair[0]} and {pair[1]}",
        "grid_mapping": "spatial_ref",
    }
    result = template.drop_vars("member", errors="ignore")
    result["forest_fraction"] = fraction
    result.attrs["title"] = f"Change of forest GPP and NEE, {pair[1]} minus {pair[0]}"
    result.attrs["pair"] = list(pair)
    result.attrs.pop("year", None)
    spread = paired_difference(maps, pair=pair)
    for name in MAPPED_FLUXES:
        series = np.stack([fluxes[year][name] for year in years])
        result.update(flux_change(name, series, years, *spread[name], pair=pair))
    return result


def paired_difference(
    maps: dict[int, Path], *, pair: tuple[int, int]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Mean and standard deviation over members (y, x) of second minus first year, for gpp and nee."""
    first, second = (load_store(maps[y], ("gpp_member", "reco_member")) for y in pair)
    gpp = second["gpp_member"].values - first["gpp_member"].values
    reco = second["reco_member"].values - first["reco_member"].values
    found = {}
    for name, difference in (("gpp", gpp), ("nee", reco - gpp)):
        single = len(difference) < 2
        unknown = np.full(difference.shape[1:], np.nan, "float32")
        found[name] = (
            difference.mean(axis=0),
            unknown if single else difference.std(axis=0, ddof=1),
        )
    return found


def flux_change(
    name: str,
    series: np.ndarray,
    years: np.ndarray,
    difference: np.ndarray,
    spread: np.ndarray,
    *,
    pair: tuple[int, int],
) -> dict[str, tuple]:
    """The four layers of one flux for the change store."""
    forest = np.isfinite(series).any(axis=0)
    inside = series[:, forest]
    enough = max(MINIMUM_VALUES, -(-len(years) // 2))
    slope = theil_sen(inside, years, minimum=enough)
    weather = detrended_sd(inside, years, slope)
    layers = {
        "difference": difference[forest],
        "difference_sd": np.sqrt(spread[forest] ** 2 + 2 * weather**2),
        "slope": slope,
        "p": mann_kendall(inside, minimum=enough),
    }
    flux = name.upper()
    words = {
        "difference": ("gC m-2 yr-1", f"{flux} of {pair[1]} minus {flux} of {pair[0]}"),
        "difference_sd": (
            "gC m-2 yr-1",
            f"standard deviation of the {flux} difference: members and interannual variability",
        ),
        "slope": ("gC m-2 yr-2", f"Theil-Sen slope of {flux}, {pair[0]}-{pair[1]}"),
        "p": ("1", f"Mann-Kendall p of {flux}, {pair[0]}-{pair[1]}, each cell by itself"),
    }
    sign = " Negative is more uptake." if name == "nee" else ""
    variables = {}
    for layer, values in layers.items():
        array = np.full(forest.shape, np.nan, "float32")
        array[forest] = values
        attrs = {
            "units": words[layer][0],
            "long_name": words[layer][1],
            "comment": f"Per m2 of forest ground.{sign}",
            "grid_mapping": "spatial_ref",
            "cell_measures": "area: cell_area",
        }
        variables[f"{name}_{layer}"] = (("y", "x"), array, attrs)
    return variables


def pair_table(
    totals: dict[int, xr.Dataset], *, pair: tuple[int, int], level: float
) -> pd.DataFrame:
    """`pair.csv`: change between the two years and slope of the years between, per stratum and flux.

    Both intervals join, as independent, the members' spread of the change itself (paired) and the noise of single years:
    for the change the interannual variability, for the slope Sen's interval of the ensemble mean.
    A change of a stratum includes the change of its forest area.

    Parameters
    ----------
    totals : what `year_totals` gives, by year
    pair : first and second year
    level : probability of the intervals
    """
    years = np.array([year for year in sorted(totals) if pair[0] <= year <= pair[1]])
    series = np.stack([totals[year]["total"].values for year in years])
    mean = series.mean(axis=-1)
    slope = theil_sen(mean, years)
    members = member_half_width(series[-1] - series[0], level=level)
    weather = weather_half_width(mean, years, slope, level=level)
    change_half = np.hypot(members, weather)
    slope_members = member_half_width(theil_sen(series, years), level=level)
    low, high = sen_interval(mean, years, level=level)
    first = totals[pair[0]]
    columns = {
        "total_first": mean[0],
        "total_second": mean[-1],
        "change": mean[-1] - mean[0],
        "change_lower": mean[-1] - mean[0] - change_half,
        "change_upper": mean[-1] - mean[0] + change_half,
        "slope": slope,
        "slope_lower": slope - np.hypot(slope - low, slope_members),
        "slope_upper": slope + np.hypot(high - slope, slope_members),
        "p_value": mann_kendall(mean),
    }
    frames = [
        pd.DataFrame(
            {
                "stratum": first["stratum"].values,
                "kind": first["kind"].values,
                "variable": variable,
                **{name: values[position] for name, values in columns.items()},
            }
        )
        for position, variable in enumerate(FLUXES)
    ]
    return pd.concat(frames, ignore_index=True)


def weather_half_width(
    mean: np.ndarray, years: np.ndarray, slope: np.ndarray, *, level: float
) -> np.ndarray:
    """Half width of the interval of a difference of two years that comes from interannual variability alone."""
    if len(years) < MINIMUM_VALUES:
        return np.full(slope.shape, np.nan)
    quantile = stats.t.ppf((1 + level) / 2, len(years) - 2)
    return quantile * np.sqrt(2) * detrended_sd(mean, years, slope)


def sen_interval(
    mean: np.ndarray, years: np.ndarray, *, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Sen's interval of the slope of each series (year, ...), lower and upper; NaN for too few years."""
    bounds = np.full((2, *mean.shape[1:]), np.nan)
    if len(years) >= MINIMUM_VALUES:
        for place in np.ndindex(mean.shape[1:]):
            fit = stats.theilslopes(mean[(slice(None), *place)], years, alpha=level)
            bounds[(slice(None), *place)] = fit.low_slope, fit.high_slope
    return bounds[0], bounds[1]


def significance(change: xr.Dataset, *, alpha: float) -> pd.DataFrame:
    """Share of the forest area whose slope or difference is significant, cell by cell and adjusted.

    Adjusted is after Benjamini and Hochberg (1995) over all cells, at the false discovery rate `alpha`. Of the cells that
    are significant by themselves at `alpha`, many are so by chance when there are thousands.

    Parameters
    ----------
    change : the change store
    alpha : level of a single test, and false discovery rate of all
    """
    area = (change["cell_area"] * change["forest_fraction"]).values
    rows = []
    for name in MAPPED_FLUXES:
        z = change[f"{name}_difference"] / change[f"{name}_difference_sd"]
        tests = {
            "slope": change[f"{name}_p"].values.astype(float),
            "difference": 2 * stats.norm.sf(np.abs(z.values.astype(float))),
        }
        for test, p in tests.items():
            tested = np.isfinite(p)
            weight, single = area[tested], p[tested]
            adjusted = stats.false_discovery_control(single) if single.size else single
            total = weight.sum()
            rows.append(
                {
                    "variable": name,
                    "test": test,
                    "alpha": alpha,
                    "cells": int(tested.sum()),
                    "share": weight[single <= alpha].sum() / total if total else np.nan,
                    "share_adjusted": weight[adjusted <= alpha].sum() / total
                    if total
                    else np.nan,
                }
            )
    return pd.DataFrame(rows)
