"""The change analysis: the pair of years, the windows, the series, and their significance."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from tqdm import tqdm

from forestflux.change.change_blocks import BlockChange, analyse_block
from forestflux.change.change_layers import build_change_store
from forestflux.change.change_plan import ChangePlan
from forestflux.change.change_tables import (
    MAIN_KINDS,
    build_change_tables,
    collect_totals,
)
from forestflux.change.co2_comparison import tabulate_co2
from forestflux.change.errors.error_model import ErrorModel
from forestflux.change.errors.square_sums import join_squares
from forestflux.change.errors.total_errors import collect_total_errors
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
    check_latitude_bands,
    label_zones,
    tabulate_zones,
    zone_width,
)
from forestflux.change.strata.totals import tabulate_years
from forestflux.change.trends.significance import (
    flag_significance,
    tabulate_significance,
)
from forestflux.change.year_windows import cut_windows
from forestflux.core.input_errors import InputError
from forestflux.core.names import TARGET_FLUXES
from forestflux.core.regions.region_cells import NamedArea
from forestflux.jobs.settings.change_settings import (
    ChangeSettings,
)
from forestflux.jobs.stores.store import open_store

# Tests of cells by name, and the layer that holds their p.
CELL_TESTS = {
    "slope": "p",
    "slope_independent": "p_independent",
    "difference": "difference_p",
    "window_difference": "window_difference_p",
}


def analyse_change(
    maps: dict[int, Path],
    settings: ChangeSettings,
    errors: ErrorModel,
    *,
    years: Sequence[int],
    level: float,
    co2: str = "none",
    regions: Path | None = None,
    areas: Sequence[NamedArea] = (),
) -> tuple[xr.Dataset, dict[str, pd.DataFrame]]:
    """The change store and its tables (docs/reference/stores.md, change).

    Maps are read one year at a time, in blocks of rows that follow their chunks.
    Differences are second minus first.

    Parameters
    ----------
    maps : map store by year
    settings : section `change` of the configuration
    errors : of the maps
    years : years that must be mapped. Slopes need consecutive years, windows half of their
        years; numbers that cannot be computed are empty in the tables
    level : probability of the intervals in the tables
    co2 : effect of CO2 that is in the maps
    regions : file of the user's polygons
    areas : of the run's region, if it has one

    Returns
    -------
    change : the change store, its layers lazy
    tables : by the name of their file

    Raises
    ------
    InputError : the latitude bands do not cover the globe once; a year is missing; a map
        has another year, grid, model or number of members, or no flux at all; the pair is
        not in the series; the regions hold no mapped forest
    """
    check_latitude_bands(settings.bands)
    plan = plan_change(
        maps,
        settings,
        errors,
        years=check_map_series(maps, years=years, pair=settings.pair),
        co2=co2,
        regions=regions,
        areas=areas,
    )
    rows = list(row_blocks(maps[plan.years[0]]))
    blocks = [
        analyse_block(plan, each) for each in tqdm(rows, desc="change", disable=None)
    ]
    sums = add_blocks(blocks)
    totals = collect_totals(
        sums,
        list_strata(plan.divisions),
        years=plan.years,
        on_grid=count_grid_cells(plan.divisions),
    )
    check_forest(totals, maps, regions)
    flags = flag_cells(blocks, settings)
    tables = {
        **tabulate_strata(plan, blocks, totals, sums, settings=settings, level=level),
        "zonal": tabulate_zones(
            plan.years,
            sums["zone_area"],
            sums["zone_total"],
            width=zone_width(errors.grid.resolution_deg, settings.zone_width_deg),
        ),
        "significance": tabulate_significance(
            flags,
            np.concatenate([block.weights for block in blocks]),
            alpha=settings.alpha,
            fdr_alpha=settings.fdr_alpha,
        ),
    }
    return build_change_store(plan, blocks, flags), tables


def plan_change(
    maps: dict[int, Path],
    settings: ChangeSettings,
    errors: ErrorModel,
    *,
    years: list[int],
    co2: str,
    regions: Path | None,
    areas: Sequence[NamedArea],
) -> ChangePlan:
    """What every block is analysed by; parameters and errors as `analyse_change`.

    Parameters
    ----------
    years : mapped years in order, all of them checked
    """
    grid = open_store(maps[years[0]])
    latitudes = grid["y"].values
    width = zone_width(errors.grid.resolution_deg, settings.zone_width_deg)
    return ChangePlan(
        maps=maps,
        years=years,
        pair=settings.pair,
        windows=cut_windows(settings.windows, years),
        divisions=divide_grid(
            latitudes,
            grid["x"].values,
            bands=settings.bands,
            regions=regions,
            region_name=settings.region_name,
            areas=areas,
        ),
        zones=label_zones(latitudes, width=width),
        stable_within=settings.stable_within,
        errors=errors,
        co2=co2,
    )


def add_blocks(blocks: list[BlockChange]) -> dict[str, np.ndarray]:
    """The sums over all blocks, by name as `BlockChange` has them."""
    return {
        name: sum((block.sums[name] for block in blocks), start=np.zeros_like(one))
        for name, one in blocks[0].sums.items()
    }


def tabulate_strata(
    plan: ChangePlan,
    blocks: list[BlockChange],
    totals: xr.Dataset,
    sums: dict[str, np.ndarray],
    *,
    settings: ChangeSettings,
    level: float,
) -> dict[str, pd.DataFrame]:
    """The tables of totals of strata and of their change, by the name of their file.

    Parameters
    ----------
    plan : of the blocks
    blocks : all of them
    totals : what `collect_totals` gives
    sums : over all blocks
    settings : section `change` of the configuration
    level : probability of the intervals
    """
    errors = collect_total_errors(
        plan.errors,
        join_squares([block.squares for block in blocks]),
        years=np.array(plan.years),
        area=sums["area"],
        departures=sums["departures"],
    )
    tables = build_change_tables(
        totals,
        errors,
        pair=settings.pair,
        windows=plan.windows,
        level=level,
        regions=tabulate_years(totals, errors, level=level),
    )
    return tables | {
        "decomposition": tabulate_decomposition(totals),
        "co2": tabulate_co2(
            totals, sums["co2_added"], pair=settings.pair, kinds=MAIN_KINDS
        ),
    }


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
    blocks: list[BlockChange], settings: ChangeSettings
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
