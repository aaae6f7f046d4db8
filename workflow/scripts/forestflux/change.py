"""Change: the pair of years, the series between and what of it is more than noise."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats
from tqdm import tqdm

from forestflux.names import FLUX_UNIT, FLUXES
from forestflux.store import load_store
from forestflux.totals import (
    Band,
    check_series,
    member_half_width,
    member_sd,
    summarise,
    year_totals,
    zonal_profile,
)
from forestflux.trend import (
    MINIMUM_VALUES,
    detrended_sd,
    mann_kendall,
    sen_interval,
    significant_shares,
    theil_sen,
    weather_half_width,
)

MEMBERS = ("gpp_member", "reco_member")
YEAR_LAYERS = (*FLUXES, *MEMBERS, "forest_fraction", "forest_type", "cell_area")
MAPPED_FLUXES = ("gpp", "nee")
SLOPE_UNIT = "gC m-2 yr-2"


def analyse(
    maps: dict[int, Path],
    *,
    pair: tuple[int, int],
    bands: Sequence[Band],
    level: float,
    fdr_alpha: float,
    zone_width_deg: float,
) -> tuple[xr.Dataset, dict[str, pd.DataFrame]]:
    """The change store and its tables (docs/contracts.md, change).

    Differences are second minus first year, member by member, so that what a member
    gets wrong in both years cancels. Cells are those that are forest in both. Slopes
    and tests are of the years from the first to the second, both included.

    Parameters
    ----------
    maps : map store by year, every year of a series
    pair : first and second year
    bands : latitude bands
    level : probability of the intervals in the tables
    fdr_alpha : false discovery rate at which cells count as significant
    zone_width_deg : height of a zone in the zonal table, degrees

    Returns
    -------
    change : the change store
    tables : totals, pair, zonal, and significance (`variable, test, alpha, cells,
        share, share_adjusted`, shares of the forest area)

    Raises
    ------
    InputError : a year is missing; a map has another year, grid or number of members;
        the pair is not in the series
    """
    years = check_series(maps, pair=pair)
    forest = paired_forest(maps, pair=pair)
    totals, rows, zones, fluxes = {}, [], [], {}
    for year in tqdm(years, desc="change", disable=None):
        dataset = load_store(maps[year], YEAR_LAYERS)
        totals[year] = year_totals(dataset, bands=bands)
        rows.append(summarise(totals[year], year=year, level=level))
        zones.append(zonal_profile(dataset, year=year, width_deg=zone_width_deg))
        if pair[0] <= year <= pair[1]:
            fluxes[year] = {n: dataset[n].values[forest] for n in MAPPED_FLUXES}
    change = cell_change(maps, fluxes, forest=forest, pair=pair)
    tables = {
        "totals": pd.concat(rows, ignore_index=True),
        "pair": pair_table(totals, pair=pair, level=level),
        "zonal": pd.concat(zones, ignore_index=True),
        "significance": significance(change, alpha=fdr_alpha),
    }
    return change, tables


def paired_forest(maps: dict[int, Path], *, pair: tuple[int, int]) -> np.ndarray:
    """Cells (y, x) that are mapped in both years of the pair, bool."""
    first, second = (load_store(maps[year], ("gpp",))["gpp"].values for year in pair)
    return np.isfinite(first) & np.isfinite(second)


def cell_change(
    maps: dict[int, Path],
    fluxes: dict[int, dict[str, np.ndarray]],
    *,
    forest: np.ndarray,
    pair: tuple[int, int],
) -> xr.Dataset:
    """Difference, its standard deviation, slope and p of cells, as a store.

    The variance of a difference is the members' variance of the paired difference
    plus twice the square of the interannual variability (what the slope leaves of the
    cell's series): two single years differ by weather alone.

    Parameters
    ----------
    maps : map store by year
    fluxes : gpp and nee (cell,) by year, the pair's years and all between
    forest : the cells (y, x), bool
    pair : first and second year
    """
    years = np.array(sorted(fluxes))
    result = frame(maps, pair=pair)
    spread = paired_difference(maps, forest=forest, pair=pair)
    for name in MAPPED_FLUXES:
        series = np.stack([fluxes[year][name] for year in years])
        layers = flux_change(series, years, *spread[name])
        result.update(on_grid(name, layers, forest=forest, pair=pair))
    return result


def frame(maps: dict[int, Path], *, pair: tuple[int, int]) -> xr.Dataset:
    """The change store without its layers: axes, cell area, mean forest fraction."""
    earlier, later = (
        load_store(maps[year], ("forest_fraction", "cell_area")) for year in pair
    )
    result = later.copy()
    mean = (earlier["forest_fraction"] + later["forest_fraction"]) / 2
    result["forest_fraction"] = mean.assign_attrs(
        units="1",
        long_name=f"share of the cell that is forest, mean of {pair[0]}, {pair[1]}",
        grid_mapping="spatial_ref",
    )
    for variable in result.variables.values():
        # A store's fill value is read as an attribute and would be refused as one.
        variable.attrs.pop("_FillValue", None)
    result.attrs = {
        "Conventions": later.attrs["Conventions"],
        "title": f"Change of forest GPP and NEE, {pair[1]} minus {pair[0]}",
        "pair": list(pair),
    }
    return result


def paired_difference(
    maps: dict[int, Path], *, forest: np.ndarray, pair: tuple[int, int]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Mean and standard deviation over members (cell,) of second minus first year.

    The standard deviation of a single member is NaN.
    """
    change = {}
    for name in ("gpp", "reco"):
        first, second = (
            load_store(maps[year], (f"{name}_member",))[f"{name}_member"].values
            for year in pair
        )
        change[name] = second[:, forest].astype(float) - first[:, forest]
    change["nee"] = change["reco"] - change["gpp"]
    return {
        name: (change[name].mean(axis=0), member_sd(change[name], axis=0))
        for name in MAPPED_FLUXES
    }


def flux_change(
    series: np.ndarray, years: np.ndarray, difference: np.ndarray, spread: np.ndarray
) -> dict[str, np.ndarray]:
    """The four layers of one flux (cell,); a slope and its p need half of the years."""
    enough = max(MINIMUM_VALUES, -(-len(years) // 2))
    slope = theil_sen(series, years, minimum=enough)
    weather = detrended_sd(series, years, slope)
    return {
        "difference": difference,
        "difference_sd": np.sqrt(spread**2 + 2 * weather**2),
        "slope": slope,
        "p": mann_kendall(series, minimum=enough),
    }


def on_grid(
    name: str,
    layers: dict[str, np.ndarray],
    *,
    forest: np.ndarray,
    pair: tuple[int, int],
) -> dict[str, tuple]:
    """Layers of one flux put back on the grid, with their attributes."""
    flux, span = name.upper(), f"{pair[0]}-{pair[1]}"
    words = {
        "difference": f"{flux} of {pair[1]} minus {flux} of {pair[0]}",
        "difference_sd": f"standard deviation of the {flux} difference, from members"
        " and interannual variability",
        "slope": f"Theil-Sen slope of {flux}, {span}",
        "p": f"Mann-Kendall p of {flux}, {span}, of each cell by itself",
    }
    units = {"slope": SLOPE_UNIT, "p": "1"}
    sign = " Negative is more uptake." if name == "nee" else ""
    variables = {}
    for layer, values in layers.items():
        array = np.full(forest.shape, np.nan, "float32")
        array[forest] = values
        attrs = {
            "units": units.get(layer, FLUX_UNIT),
            "long_name": words[layer],
            "comment": f"Per m2 of forest ground.{sign}",
            "grid_mapping": "spatial_ref",
            "cell_measures": "area: cell_area",
        }
        variables[f"{name}_{layer}"] = (("y", "x"), array, attrs)
    return variables


def pair_table(
    totals: dict[int, xr.Dataset], *, pair: tuple[int, int], level: float
) -> pd.DataFrame:
    """`pair.csv`: change of the pair and slope of the series per stratum and flux.

    Both intervals join, as independent, the members' spread of the change itself
    (paired) and the noise of single years: for the change the interannual
    variability, for the slope Sen's interval of the ensemble mean. The change of a
    stratum includes the change of its forest area.

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


def significance(change: xr.Dataset, *, alpha: float) -> pd.DataFrame:
    """Share of the forest area with a significant slope or difference.

    `share` counts the cells that are significant by themselves at `alpha`, of which
    many are so by chance where there are thousands; `share_adjusted` those that stay
    when the false discovery rate over all cells is held at `alpha` (Benjamini and
    Hochberg 1995, doi 10.1111/j.2517-6161.1995.tb02031.x).

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
            shares = significant_shares(p[tested], area[tested], alpha=alpha)
            rows.append((name, test, alpha, int(tested.sum()), *shares))
    columns = ["variable", "test", "alpha", "cells", "share", "share_adjusted"]
    return pd.DataFrame(rows, columns=columns)
