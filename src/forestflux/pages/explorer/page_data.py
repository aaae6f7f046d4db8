"""Everything that the page shows, read from a finished run."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.core.grid import Grid
from forestflux.core.names import TARGET_FLUXES
from forestflux.ensemble.model_folder import load_model
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.jobs.stages import Stores
from forestflux.jobs.store import load_store, open_store
from forestflux.jobs.tables import read_table
from forestflux.pages.explorer.cell_details import (
    CellSamples,
    pack_series,
    read_series,
    reasons,
    type_names,
)
from forestflux.pages.explorer.display_grid import Display, display_of, sample_cells
from forestflux.pages.explorer.displayed_layers import (
    NEEDED,
    annual_layers,
    change_layers,
    forest_area,
)
from forestflux.pages.explorer.packed_arrays import compress
from forestflux.pages.explorer.tower_details import tower_details, tower_records
from forestflux.prepare.sample_table import read_sample_table, read_samples

TOTALS = ("year", "stratum", "variable", "total", "total_lower", "total_upper")


def page_data(
    results: Path,
    *,
    grid: Grid | None,
    years: Sequence[int],
    pair: tuple[int, int],
    settings: dict,
) -> dict[str, object]:
    """Data of the page, ready for JSON.

    Parameters
    ----------
    results : folder of a finished run
    grid : of its maps; None for a run of towers alone
    years : mapped years; none without maps
    pair : years whose series are kept
    settings : section `explorer` of the configuration

    Raises
    ------
    InputError : a store or a table is missing or not as the contracts say
    """
    model = load_model(results / "model")
    samples = read_samples(results / "samples/samples.json")
    predictions = read_table(
        results / "evaluate/predictions.csv", columns=["model", "split", "site", "year"]
    )
    records = tower_records(
        read_sample_table(results / "samples/samples.csv"), predictions
    )
    return {
        "level": model.level,
        "pair": list(pair),
        "towers": {"sites": records, **tower_details(samples, model)},
        "map": grid
        and map_data(
            results, model, grid=grid, years=years, pair=pair, settings=settings
        ),
    }


def map_data(
    results: Path,
    model: Ensemble,
    *,
    grid: Grid,
    years: Sequence[int],
    pair: tuple[int, int],
    settings: dict,
) -> dict[str, object]:
    """Layers, totals, series and reasons of the cells of the maps."""
    display = display_of(grid, columns=settings["columns"])
    stores = [results / f"maps/{year}.zarr" for year in years]
    cells, annual = annual_layers(stores, display)
    return {
        "years": list(years),
        "shape": display.shape,
        "resolution": display.resolution_deg,
        "map_resolution": grid.resolution_deg,
        "cells": compress(cells.flat.astype("<i4")),
        "annual": annual,
        "change": change_layers(results / "change/change.zarr", cells),
        "windows": windows(results / "change/change.zarr"),
        "totals": totals(results),
        "details": cell_details(
            results, model, display=display, pair=pair, settings=settings
        ),
    }


def windows(store: Path) -> list[list[int]]:
    """First and last year of the two windows of years, where they are mapped."""
    attributes = open_store(store).attrs
    years = [attributes["first_window"], attributes["second_window"]]
    return [[int(span[0]), int(span[-1])] for span in years if len(span)]


def totals(results: Path) -> list[dict]:
    """Annual totals of GPP and NEE over all forests with their interval, PgC yr-1."""
    table = read_table(results / "change/totals.csv", columns=TOTALS)
    chosen = (table["stratum"] == "all") & table["variable"].isin(TARGET_FLUXES)
    rows = table.loc[chosen, list(TOTALS)].sort_values(["variable", "year"])
    return rows.drop(columns="stratum").to_dict("records")


def cell_details(
    results: Path,
    model: Ensemble,
    *,
    display: Display,
    pair: tuple[int, int],
    settings: dict,
) -> dict[str, object]:
    """Series of the pair of years, and reasons of the second year, of sampled cells."""
    maps = [load_store(results / f"maps/{year}.zarr", NEEDED) for year in pair]
    areas = [forest_area(year) for year in maps]
    grid, masks = display.grid, Stores(results / "mask", {})
    flat, side = sample_cells(
        display, areas[0] + areas[1], limit=settings["series_cells"]
    )
    cells = CellSamples.of(grid, flat)
    series = {str(year): read_series(masks, cells, grid, year=year) for year in pair}
    # explained are some of the cells with series: forest in the second year
    explained = np.zeros(areas[1].size)
    explained[flat] = areas[1].ravel()[flat]
    chosen, wider = sample_cells(
        display, explained.reshape(grid.shape), limit=settings["reason_cells"]
    )
    rows = pd.Index(flat).get_indexer(chosen)
    types = maps[1]["forest_type"].values.ravel()[chosen]
    return {
        "lat": cells.lat.round(4).tolist(),
        "lon": cells.lon.round(4).tolist(),
        "side": side,
        "series": {year: pack_series(values) for year, values in series.items()},
        "explained": {"rows": rows.tolist(), "side": wider, "year": pair[1]},
        "reasons": reasons(
            model,
            series[str(pair[1])][rows],
            lat=cells.lat[rows],
            igbp=type_names(types),
        ),
    }
