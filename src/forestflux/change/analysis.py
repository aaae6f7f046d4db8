"""The change analysis: the pair of years, the windows, the series, and their significance."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from tqdm import tqdm

from forestflux.change.change_blocks import BlockChange, ChangePlan, analyse_block
from forestflux.change.change_layers import build_change_store
from forestflux.change.change_tables import (
    MAIN_KINDS,
    build_change_tables,
    collect_totals,
)
from forestflux.change.co2_comparison import tabulate_co2
from forestflux.change.errors.error_model import ErrorModel
from forestflux.change.errors.place_sums import join_places
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
from forestflux.core.errors import InputError
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
    years = check_map_series(maps, years=years, pair=settings.pair)
    first = open_store(maps[years[0]])
    latitudes = first["y"].values
    width = zone_width(errors.grid.resolution_deg, settings.zone_width_deg)
    divisions = divide_grid(
        latitudes,
        first["x"].values,
        bands=settings.bands,
        regions=regions,
        region_name=settings.region_name,
        areas=areas,
    )
    plan = ChangePlan(
        maps=maps,
        years=years,
        pair=settings.pair,
        windows=cut_windows(settings.windows, years),
        divisions=divisions,
        zones=label_zones(latitudes, width=width),
        stable_within=settings.stable_within,
        errors=errors,
        co2=co2,
    )
    blocks = [
        analyse_block(plan, rows)
        for rows in tqdm(list(row_blocks(maps[years[0]])), desc="change", disable=None)
    ]
    sums = {
        name: sum((block.sums[name] for block in blocks), start=np.zeros_like(first))
        for name, first in blocks[0].sums.items()
    }
    totals = collect_totals(
        sums, list_strata(divisions), years=years, on_grid=count_grid_cells(divisions)
    )
    check_forest(totals, maps, regions)
    total_errors = collect_total_errors(
        errors,
        join_places([block.places for block in blocks]),
        years=np.array(years),
        area=sums["area"],
        moved=sums["moved"],
    )
    tables = build_change_tables(
        totals,
        total_errors,
        pair=settings.pair,
        windows=plan.windows,
        level=level,
        regions=tabulate_years(totals, total_errors, level=level),
    )
    flags = flag_cells(blocks, settings)
    tables["decomposition"] = tabulate_decomposition(totals)
    tables["co2"] = tabulate_co2(
        totals, sums["fed"], pair=settings.pair, kinds=MAIN_KINDS
    )
    tables["zonal"] = tabulate_zones(
        years,
        sums["zone_area"],
        sums["zone_total"],
        width=width,
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
