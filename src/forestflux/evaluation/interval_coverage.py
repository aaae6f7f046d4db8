"""Whether the intervals of totals, changes and trends hold the truth of the simulated planet.

True fluxes are summed over the cells and areas of the maps, so that an interval is asked about
errors of fluxes only.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from forestflux.change.block_years import sum_year
from forestflux.change.map_cells import CELL_LAYERS, select_cells
from forestflux.change.strata.divisions import (
    OUTSIDE,
    Division,
    group_cells,
    list_strata,
)
from forestflux.change.trends.variability import consecutive_slope
from forestflux.core.layers import REGION_LAYERS
from forestflux.core.names import FLUXES
from forestflux.evaluation.evaluation_schemas import COVERAGE
from forestflux.evaluation.truth_comparison import TruthComparison
from forestflux.jobs.stores.store import load_store

KEY = ["stratum", "kind", "variable"]


def sum_true_totals(
    maps: Mapping[int, Path],
    truth_stores: Mapping[int, Path],
    divisions: list[Division],
    years: Sequence[int],
) -> pd.DataFrame:
    """True totals: columns stratum, kind, variable, year, truth (PgC yr-1).

    Parameters
    ----------
    maps, truth_stores : store by year
    divisions : of the grid; that by the change of the forest is left out
    years : mapped years
    """
    divisions = [each for each in divisions if each.kind != "forest_change"]
    strata = pd.DataFrame(
        list_strata(divisions), columns=["stratum", "kind", "code"]
    ).drop(columns="code")
    parts = []
    for year in years:
        mapped = load_store(maps[year], CELL_LAYERS, optional=REGION_LAYERS)
        truth = load_store(truth_stores[year], ("gpp", "reco"))
        for flux in ("gpp", "reco"):
            # Where the map sees forest and the planet has none, nothing is taken up.
            true = np.nan_to_num(truth[flux].values)[None].astype("float32")
            mapped[f"{flux}_member"] = ("one", "y", "x"), true
        cells = select_cells(mapped, truth_stores[year])
        rows = slice(0, mapped.sizes["y"])
        groups = group_cells(divisions, rows, np.zeros(cells.size, "uint8"))
        sums = sum_year(cells, groups, np.zeros(rows.stop, int), rows)["total"]
        for flux, values in zip(FLUXES, sums[:, 0], strict=True):
            parts.append(strata.assign(variable=flux, year=year, truth=values))
    return pd.concat(parts, ignore_index=True)


def tabulate_interval_coverage(
    true: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    both: TruthComparison,
    change: xr.Dataset,
) -> pd.DataFrame:
    """`recovery/coverage.csv`: share of true values inside their interval.

    Parameters
    ----------
    true : as `sum_true_totals`
    tables : `regions`, `region_changes` and `windows` of the change
    both : truth and map of the same cells
    change : the change store of the maps
    """
    rows = []
    for quantity, joined in join_strata(true, tables, change):
        known = joined[joined["stratum"] != OUTSIDE].dropna()
        for (kind, flux), part in known.groupby(["kind", "variable"], sort=False):
            inside = part["truth"].between(part["lower"], part["upper"])
            rows.append((quantity, kind, flux, both.level, len(part), inside.mean()))
    rows += list(score_cells(both, change))
    return pd.DataFrame(rows, columns=COVERAGE.names)


def join_strata(
    true: pd.DataFrame, tables: Mapping[str, pd.DataFrame], change: xr.Dataset
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Quantity and a table: stratum, kind, variable, truth, lower, upper."""
    by_year = true.pivot(index=KEY, columns="year", values="truth")
    years = by_year.columns.to_numpy()
    pair = change.attrs["pair"]
    changes = {
        "change": by_year[pair[1]] - by_year[pair[0]],
        "slope": pd.Series(
            consecutive_slope(by_year.to_numpy().T, years), index=by_year.index
        ),
    }
    windows = [change.attrs[f"{name}_window"] for name in ("first", "second")]
    ends = {
        "total": (tables["regions"], "total", true),
        "change": (tables["region_changes"], "change", changes["change"]),
        "slope": (tables["region_changes"], "slope", changes["slope"]),
    }
    if all(len(window) for window in windows):
        early, late = (by_year[list(window)].mean(axis=1) for window in windows)
        ends["window_change"] = (tables["windows"], "change", late - early)
    for quantity, (table, prefix, values) in ends.items():
        bounds = table.rename(
            columns={f"{prefix}_{end}": end for end in ("lower", "upper")}
        )
        key = [*KEY, "year"] if quantity == "total" else KEY
        if quantity != "total":
            values = values.rename("truth").reset_index()
        yield (
            quantity,
            bounds[[*key, "lower", "upper"]].merge(values[[*key, "truth"]], on=key),
        )


def score_cells(both: TruthComparison, change: xr.Dataset) -> Iterator[tuple]:
    """Rows of the change of the pair and the slope of single cells."""
    first, second = np.searchsorted(both.years, change.attrs["pair"])
    width = stats.norm.ppf((1 + both.level) / 2)
    for flux in both.covered:
        series = both.truth[flux]
        true = {
            "change": ("difference", series[second] - series[first]),
            "slope": ("slope", consecutive_slope(series, both.years)),
        }
        yield (
            *("total", "cell", flux, both.level),
            *(both.covered[flux].size, both.covered[flux].mean()),
        )
        for quantity, (layer, values) in true.items():
            mapped, sd = (
                change[f"{flux}_{name}"].values.ravel()[both.cell].astype(float)
                for name in (layer, f"{layer}_sd")
            )
            known = np.isfinite(mapped) & np.isfinite(values)
            inside = np.abs(mapped - values)[known] <= width * sd[known]
            if known.any():
                yield quantity, "cell", flux, both.level, known.sum(), inside.mean()
