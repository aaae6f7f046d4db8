"""The change analysis: the pair of years, the windows, the series, and their significance."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from tqdm import tqdm

from forestflux.change.change_blocks import BlockChange, ChangePlan, analyse_block
from forestflux.change.change_layers import build_change_store
from forestflux.change.change_tables import build_change_tables, collect_totals
from forestflux.change.map_cells import row_blocks
from forestflux.change.map_series import check_map_series
from forestflux.change.strata.decomposition import tabulate_decomposition
from forestflux.change.strata.divisions import (
    OUTSIDE,
    count_grid_cells,
    divide_grid,
    list_strata,
)
from forestflux.change.strata.latitude_bands import (
    LatitudeBand,
    label_zones,
    tabulate_zones,
    zone_width,
)
from forestflux.change.strata.totals import tabulate_series
from forestflux.change.trends.significance import (
    flag_significance,
    tabulate_significance,
)
from forestflux.change.year_windows import cut_windows
from forestflux.core.errors import InputError
from forestflux.core.names import TARGET_FLUXES
from forestflux.jobs.store import open_store

# Tests of cells by name, and the layer that holds their p.
CELL_TESTS = {
    "slope": "p",
    "slope_independent": "p_independent",
    "difference": "difference_p",
    "window_difference": "window_difference_p",
}


@dataclass(frozen=True)
class AnalysisSettings:
    """Settings of the change analysis (docs/reference/configuration.md, change).

    Attributes
    ----------
    pair : first and second year
    windows : first and last year of the earlier and of the later window
    bands : latitude bands
    level : probability of the intervals in the tables
    alpha : level of a single test
    fdr_alpha : false discovery rate over all cells
    stable_within : change of the forest fraction up to which a cell is stable, 0-1
    zone_width_deg : height of a zone in the zonal table, degrees
    regions : file of the user's polygons, None without
    region_name : the property that names one of them
    """

    pair: tuple[int, int]
    windows: tuple[tuple[int, int], tuple[int, int]]
    bands: tuple[LatitudeBand, ...]
    level: float
    alpha: float
    fdr_alpha: float
    stable_within: float
    zone_width_deg: float
    regions: Path | None = None
    region_name: str = "name"


def analyse_change(
    maps: dict[int, Path], settings: AnalysisSettings, *, years: Sequence[int]
) -> tuple[xr.Dataset, dict[str, pd.DataFrame]]:
    """The change store and its tables (docs/reference/stores.md, change).

    Maps are read one year at a time, in blocks of rows that follow their chunks.
    Differences are second minus first, member by member, so that an error that a member
    makes in both years cancels.

    Parameters
    ----------
    maps : map store by year
    settings : of the analysis
    years : years that must be mapped. Slopes need consecutive years, windows half of their
        years; numbers that cannot be computed are empty in the tables

    Returns
    -------
    change : the change store, its layers lazy
    tables : by the name of their file

    Raises
    ------
    InputError : a year is missing; a map has another year, grid, model or number of
        members, or no flux at all; the pair is not in the series; the regions hold no
        mapped forest
    """
    years = check_map_series(maps, years=years, pair=settings.pair)
    first = open_store(maps[years[0]])
    latitudes = first["y"].values
    divisions = divide_grid(
        latitudes,
        first["x"].values,
        bands=settings.bands,
        regions=settings.regions,
        region_name=settings.region_name,
    )
    plan = ChangePlan(
        maps=maps,
        years=years,
        pair=settings.pair,
        windows=cut_windows(settings.windows, years),
        divisions=divisions,
        zones=label_zones(latitudes, width_deg=settings.zone_width_deg),
        stable_within=settings.stable_within,
    )
    blocks = [
        analyse_block(plan, rows)
        for rows in tqdm(list(row_blocks(maps[years[0]])), desc="change", disable=None)
    ]
    sums = {n: sum(block.sums[n] for block in blocks) for n in blocks[0].sums}
    totals = collect_totals(
        sums, list_strata(divisions), years=years, on_grid=count_grid_cells(divisions)
    )
    check_forest(totals, maps, settings.regions)
    series = tabulate_series(totals, level=settings.level)
    tables = build_change_tables(
        totals,
        pair=settings.pair,
        windows=plan.windows,
        level=settings.level,
        series=series,
    )
    flags = flag_cells(blocks, settings)
    tables["decomposition"] = tabulate_decomposition(totals, level=settings.level)
    tables["zonal"] = tabulate_zones(
        years,
        sums["zone_area"],
        sums["zone_total"],
        width=zone_width(latitudes, settings.zone_width_deg),
    )
    tables["significance"] = tabulate_significance(
        flags,
        np.concatenate([block.weights for block in blocks]),
        alpha=settings.alpha,
        fdr_alpha=settings.fdr_alpha,
    )
    return build_change_store(plan, blocks, flags), tables


def check_forest(
    totals: xr.Dataset, maps: dict[int, Path], regions: Path | None
) -> None:
    """Refuse a map without any flux, and regions without any mapped forest."""
    area = totals["area"]
    for year in totals["year"].values[~(area.sel(stratum="all") > 0).values]:
        raise InputError(
            maps[int(year)],
            variable="gpp",
            expected="a flux of some forest cell",
            found="NaN in all of them",
        )
    inside = (totals["kind"] == "region") & (totals["stratum"] != OUTSIDE)
    if regions is not None and not (area.max("year") > 0).values[inside].any():
        raise InputError(
            regions,
            variable="regions",
            expected="polygons that hold some mapped forest",
            found=f"none in {int(inside.sum())} regions",
        )


def flag_cells(
    blocks: list[BlockChange], settings: AnalysisSettings
) -> dict[tuple[str, str], np.ndarray]:
    """Significance flags of the paired cells of all blocks, by flux and test."""
    return {
        (flux, test): flag_significance(
            np.concatenate([block.layers[f"{flux}_{layer}"] for block in blocks]),
            alpha=settings.alpha,
            fdr_alpha=settings.fdr_alpha,
        )
        for flux in TARGET_FLUXES
        for test, layer in CELL_TESTS.items()
    }
