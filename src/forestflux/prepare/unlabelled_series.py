"""Series without a flux, from which the first transfer step learns: of towers, or of tiles."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.jobs.stores.store import load_store
from forestflux.prepare.sample_table import (
    UnlabelledSeries,
    forest_type_codes,
    no_series,
)
from forestflux.prepare.tower_series import TowerSeries, input_names


def choose_tower_series(
    towers: TowerSeries, table: pd.DataFrame, sites: pd.DataFrame
) -> UnlabelledSeries:
    """All tower years without a used label, holdout sites left out.

    Parameters
    ----------
    towers : what `collect_towers` gives
    table : every labelled site-year, as `build_samples` gives it
    sites : canonical table of towers
    """
    keys = pd.MultiIndex.from_frame(towers.sites[["site", "year"]])
    labelled = pd.MultiIndex.from_frame(table.loc[table["used"], ["site", "year"]])
    held = table.loc[table["holdout"], "site"].unique()
    rows = np.flatnonzero(~keys.isin(labelled) & ~towers.sites["site"].isin(held))
    chosen = towers.sites.iloc[rows]
    igbp = chosen["site"].map(sites.set_index("site")["igbp"])
    return UnlabelledSeries(
        towers.series[rows],
        chosen["lat"].to_numpy(float),
        forest_type_codes(igbp),
        chosen["site"].to_numpy(object),
    )


def draw_tile_series(
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
