"""Which site-years train, why others do not, and the samples of those that do."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forestflux.core.input_errors import InputError
from forestflux.core.names import FLUX_UNIT, FLUXES, FOREST_TYPES
from forestflux.jobs.settings.sample_settings import SampleSettings
from forestflux.prepare.doubtful_series import doubt_series
from forestflux.prepare.folds import FOLDS, assign_folds
from forestflux.prepare.sample_schema import SAMPLES
from forestflux.prepare.sample_table import Samples
from forestflux.prepare.tower_series import TowerSeries
from forestflux.towers.doubts import refuse_doubts, refuse_unknown_sites


def build_samples(
    site_years: pd.DataFrame,
    sites: pd.DataFrame,
    towers: TowerSeries,
    *,
    settings: SampleSettings,
    holdout: Sequence[str],
    confirmed: Sequence[str],
    folds_count: int,
    seed: int,
) -> tuple[pd.DataFrame, Samples]:
    """Every labelled site-year, used or dropped with a reason, and the samples of those used.

    The weight of a used row is its `nee_qc`: a year half measured counts half.

    Parameters
    ----------
    site_years, sites : canonical tables (`docs/reference/tables.md`, towers)
    towers : what `forestflux.prepare.tower_series.collect_towers` gives
    settings : least quality and plausible fluxes of a site-year
    holdout : sites kept out of every fold
    confirmed : sites whose values and places the user has checked
    folds_count : folds by site, by cluster and at random
    seed : of the folds

    Raises
    ------
    InputError : an unknown holdout or confirmed site, GPP or a latitude that does not fit
        the series of its tower, no row left, or fewer sites than folds
    """
    refuse_unknown_sites(holdout, sites["site"], "towers.holdout")
    refuse_unknown_sites(confirmed, sites["site"], "towers.confirmed")
    table = site_years.merge(sites, on="site", validate="many_to_one")
    table = table.sort_values(["site", "year"], ignore_index=True)
    row = find_series(table, towers)
    reason = drop_reasons(table, row >= 0, settings=settings)
    used = reason == ""
    table = table.assign(
        forest=table["igbp"].isin(FOREST_TYPES),
        holdout=table["site"].isin(holdout),
        weight=table["nee_qc"].where(used, 0.0),
        used=used,
        reason=reason,
        **dict.fromkeys(FOLDS, -1),
    )
    check_used(table)
    doubts = doubt_series(table[used], towers.series[row[used]], towers.variables)
    refuse_doubts(doubts, "site_years.csv", confirmed=confirmed)
    folds = assign_folds(table[used], count=folds_count, seed=seed)
    table.loc[used, list(FOLDS)] = folds[list(FOLDS)]
    table = table[SAMPLES.names]
    series = towers.series[row[used]]
    return table, Samples(series, table[used].reset_index(drop=True), towers.variables)


def check_used(table: pd.DataFrame) -> None:
    """Refuse a table of which no forest site-year is left for training."""
    if (table["used"] & table["forest"] & ~table["holdout"]).any():
        return
    dropped = table.loc[~table["used"], "reason"].value_counts()
    causes = "; ".join(f"{count} {reason}" for reason, count in dropped.items())
    raise InputError(
        "site_years.csv",
        variable="used",
        expected="a forest site-year outside towers.holdout that can train",
        found=f"none (dropped: {causes or 'nothing'})",
    )


def find_series(table: pd.DataFrame, towers: TowerSeries) -> np.ndarray:
    """Row of `series` for each row of the table, int (row,); -1 where there is none."""
    index = pd.MultiIndex.from_frame(towers.sites[["site", "year"]])
    return index.get_indexer(pd.MultiIndex.from_frame(table[["site", "year"]]))


def drop_reasons(
    table: pd.DataFrame, has_series: np.ndarray, *, settings: SampleSettings
) -> np.ndarray:
    """Why each site-year is dropped, text (row,): the first cause, empty where used.

    Parameters
    ----------
    has_series : bool (row,), whether the tower has predictors in that year
    settings : least quality and plausible fluxes of a site-year
    """
    fluxes, quality = table[list(FLUXES)], table["nee_qc"]
    causes: list[tuple[str, pd.Series | np.ndarray]] = [
        ("fluxes missing", fluxes.isna().any(axis=1)),
        ("nee_qc missing", quality.isna()),
        (
            f"nee_qc below {settings.min_quality:g}",
            quality < settings.min_quality,
        ),
    ]
    for flux, (low, high) in settings.plausible:
        outside = (table[flux] < low) | (table[flux] > high)
        causes.append((f"{flux} outside {low:g} to {high:g} {FLUX_UNIT}", outside))
    causes.append(("no predictors that year", ~has_series))
    names, hits = zip(*causes, strict=True)
    return np.select([np.asarray(hit) for hit in hits], names, default="").astype(
        object
    )
