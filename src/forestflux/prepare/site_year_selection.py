"""The stage samples: which site-years train, why others do not, and their folds."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from forestflux.core.errors import InputError
from forestflux.core.names import FLUX_UNIT, FLUXES, FOREST_TYPES
from forestflux.jobs.settings.sample_settings import SampleSettings
from forestflux.jobs.stores.store import load_store, open_store
from forestflux.prepare.doubtful_series import doubt_series
from forestflux.prepare.folds import assign_folds
from forestflux.prepare.sample_schema import SAMPLES
from forestflux.prepare.sample_table import (
    Samples,
    UnlabelledSeries,
    no_series,
)
from forestflux.towers.doubts import refuse_doubts, refuse_unknown_sites

FOLDS = ("fold_site", "fold_cluster", "fold_random")


class TowerSeries(NamedTuple):
    """Masked series of towers, one row per tower and year that has any value.

    Attributes
    ----------
    sites : columns site, year, lat (degrees)
    series : float32 (row, variable, step), physical values, NaN = gap
    variables : names along the axis `variable`
    """

    sites: pd.DataFrame
    series: np.ndarray
    variables: tuple[str, ...]


def collect_towers(stores: dict[int, Path]) -> TowerSeries:
    """Series of all towers and years from their masked stores.

    Parameters
    ----------
    stores : `mask/towers/{year}.zarr` by year
    """
    tables, series = [], []
    variables: tuple[str, ...] = ()
    for year, path in sorted(stores.items()):
        variables = variables or input_names(path)
        masked = load_store(path, variables)
        values = np.stack(
            [masked[name].values[:, :, 0].T for name in variables], axis=1
        )
        table = pd.DataFrame(
            {
                "site": masked["site"].values.astype(object),
                "year": year,
                "lat": masked["lat"].values,
            }
        )
        there = np.isfinite(values).any(axis=(1, 2))
        tables.append(table[there])
        series.append(values[there].astype("float32"))
    return TowerSeries(
        pd.concat(tables, ignore_index=True), np.concatenate(series), variables
    )


def input_names(path: Path) -> tuple[str, ...]:
    """Names of the input series of a mask store, in their order."""
    return tuple(open_store(path).attrs["variables"])


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
    towers : result of `collect_towers`
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


def tower_series(
    towers: TowerSeries, table: pd.DataFrame, sites: pd.DataFrame
) -> UnlabelledSeries:
    """All tower years without a used label, holdout sites left out.

    Parameters
    ----------
    towers : result of `collect_towers`
    table : first result of `build_samples`
    sites : canonical table of towers
    """
    keys = pd.MultiIndex.from_frame(towers.sites[["site", "year"]])
    labelled = pd.MultiIndex.from_frame(table.loc[table["used"], ["site", "year"]])
    held = table.loc[table["holdout"], "site"].unique()
    rows = np.flatnonzero(~keys.isin(labelled) & ~towers.sites["site"].isin(held))
    chosen = towers.sites.iloc[rows]
    igbp = chosen["site"].map(sites.set_index("site")["igbp"])
    code = {name: index + 1 for index, name in enumerate(FOREST_TYPES)}
    return UnlabelledSeries(
        towers.series[rows],
        chosen["lat"].to_numpy(float),
        igbp.map(code).fillna(0).to_numpy("uint8"),
        chosen["site"].to_numpy(object),
    )


def tile_series(
    tiles: Sequence[Path], *, count: int, min_forest: float, seed: int
) -> UnlabelledSeries:
    """Series of a random sample of forest cells of masked tiles.

    Every forest cell of every store is as likely as any other. The draw depends on the
    order of `tiles`.

    Parameters
    ----------
    tiles : `mask/{tile}/{year}.zarr`, of one or more years
    count : series wanted; all forest cells where there are fewer
    min_forest : least forest fraction of a cell, 1
    """
    cells = [
        np.flatnonzero(
            load_store(path, ["forest_fraction"])["forest_fraction"] >= min_forest
        )
        for path in tiles
    ]
    sizes = np.array([len(of_tile) for of_tile in cells], dtype=int)
    drawn = np.random.default_rng(seed).permutation(sizes.sum())[:count]
    owner = np.repeat(np.arange(len(sizes)), sizes)
    position = np.concatenate([np.arange(size) for size in sizes] or [drawn])
    parts = [no_series(len(input_names(tiles[0])) if tiles else 0)]
    for tile in np.unique(owner[drawn]):
        chosen = np.sort(position[drawn[owner[drawn] == tile]])
        parts.append(read_cells(tiles[tile], cells[tile][chosen]))
    whole = UnlabelledSeries(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("series", "lat", "forest_type", "site")
        )
    )
    return whole.take(np.isfinite(whole.series).any(axis=(1, 2)))


def read_cells(path: Path, cells: np.ndarray) -> UnlabelledSeries:
    """Series of some cells of a masked tile, one variable in memory at a time.

    Parameters
    ----------
    cells : positions in the tile, row by row
    """
    layers = load_store(path, ["forest_type"])
    row, column = np.unravel_index(cells, layers["forest_type"].shape)
    series = [
        load_store(path, [name])[name].values[:, row, column].T
        for name in input_names(path)
    ]
    return UnlabelledSeries(
        np.stack(series, axis=1).astype("float32"),
        layers["y"].values[row].astype(float),
        layers["forest_type"].values[row, column],
        np.full(len(cells), "", object),
    )
