"""Everything that the page shows, read from a finished run."""

import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd

from forestflux.change.change_schemas import REGION_CHANGES, REGIONS
from forestflux.core.grids.grid import Grid
from forestflux.core.layers import REGION_LAYERS
from forestflux.core.names import TARGET_FLUXES
from forestflux.core.regions.region_cells import NamedArea
from forestflux.ensemble.model_folder import load_model
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.evaluation.evaluation_schemas import PREDICTIONS
from forestflux.jobs.settings.page_settings import ExplorerSettings
from forestflux.jobs.stages import Stores
from forestflux.jobs.stores.store import load_store, open_store
from forestflux.pages.explorer.cell_details import (
    CellSamples,
    name_types,
    pack_reasons,
    pack_series,
    read_series,
)
from forestflux.pages.explorer.cell_months import pack_months
from forestflux.pages.explorer.display_grid import Display, choose_cells, choose_display
from forestflux.pages.explorer.displayed_layers import (
    NEEDED,
    Cells,
    compute_forest_area,
    pack_annual_layers,
    pack_change_layers,
    pack_compared_product,
)
from forestflux.pages.explorer.fine_cells import write_fine_cells
from forestflux.pages.explorer.packed_arrays import encode_array
from forestflux.pages.explorer.region_outlines import pack_outlines
from forestflux.pages.explorer.tower_details import (
    ESTIMATED,
    describe_towers,
    pack_tower_details,
)
from forestflux.pages.region_records import collect_region_records
from forestflux.prepare.sample_table import read_sample_table, read_samples

TOTAL_COLUMNS = ("year", "stratum", "variable", "total", "total_lower", "total_upper")


@dataclass(frozen=True)
class RunFiles:
    """Files that every run has.

    Attributes
    ----------
    model : `model/model.json`
    samples : manifest of the samples
    sample_table : `samples/samples.csv`
    predictions : `evaluate/predictions.csv`
    """

    model: Path
    samples: Path
    sample_table: Path
    predictions: Path


@dataclass(frozen=True)
class MapFiles:
    """Files of a run with maps.

    Attributes
    ----------
    maps : stores of all mapped years
    masks : masked tiles, at least those of the pair of years
    change : store of the change by cell
    regions, region_changes : tables of the change
    grid : of the maps
    pair : years whose series are kept
    cells : folder beside the page for the cells of a map that is too fine for it, else empty
    months : months of the maps, at least those of the pair of years; None where the run has none
    compared : stores of compared products; None where the run has none
    outlined : regions of the run whose outlines the map shows
    """

    maps: Stores
    masks: Stores
    change: Path
    regions: Path
    region_changes: Path
    grid: Grid
    pair: tuple[int, int]
    cells: Path
    months: Stores | None = None
    compared: Stores | None = None
    outlined: tuple[NamedArea, ...] = ()


def collect_page_data(
    run: RunFiles, maps: MapFiles | None, *, settings: ExplorerSettings
) -> dict[str, object]:
    """Data of the page, ready for JSON.

    Parameters
    ----------
    run, maps : files of a finished run; no maps for a run of towers alone
    settings : section `explorer` of the configuration

    Raises
    ------
    InputError : a store or a table is missing or not as the contracts say
    """
    model = load_model(run.model)
    samples = read_samples(run.samples)
    columns = ["model", "split", "site", "year", *ESTIMATED, "applicable"]
    predictions = PREDICTIONS.read_file(run.predictions, columns=columns)
    records = describe_towers(read_sample_table(run.sample_table), predictions)
    return {
        "level": model.level,
        # Half of an interval, in standard deviations of the error.
        "half_width": NormalDist().inv_cdf((1 + model.level) / 2),
        "pair": list(maps.pair) if maps else [],
        "towers": {"sites": records, **pack_tower_details(samples, model)},
        "map": maps and collect_map_data(model, maps, settings=settings),
    }


def collect_map_data(
    model: Ensemble, files: MapFiles, *, settings: ExplorerSettings
) -> dict[str, object]:
    """Layers, totals, series and reasons of the cells of the maps."""
    regions = REGIONS.read_file(files.regions)
    stores = files.maps.years()
    display = fit_display(
        stores[files.pair[1]], files.grid, years=len(stores), settings=settings
    )
    cells, annual = pack_annual_layers(list(stores.values()), display)
    return {
        "years": list(stores),
        "shape": display.shape,
        "west": files.grid.bounds[0],
        "north": files.grid.bounds[3],
        "resolution": round(display.resolution_deg, 9),
        "map_resolution": files.grid.resolution_deg,
        "cells": encode_array(cells.flat.astype("<i4")),
        "annual": annual,
        "change": pack_change_layers(files.change, cells),
        "compared": pack_compared_products(files, cells),
        "fine": keep_fine_cells(files, display, settings=settings),
        "outlines": pack_outlines(
            files.outlined, resolution_deg=files.grid.resolution_deg
        ),
        "windows": read_windows(files.change),
        "totals": select_totals(regions),
        "regions": collect_region_records(
            regions, REGION_CHANGES.read_file(files.region_changes)
        ),
        "details": pack_cell_details(model, files, display=display, settings=settings),
    }


def fit_display(
    store: Path, grid: Grid, *, years: int, settings: ExplorerSettings
) -> Display:
    """The finest display whose layers fit into the page, judged by one map of the run.

    Parameters
    ----------
    store : the map of a year
    grid : of the maps
    years : that are mapped
    settings : section `explorer` of the configuration
    """
    display = choose_display(grid, columns=settings.columns)
    while max(display.shape) > 1:
        _, layers = pack_annual_layers([store], display)
        # The change has about twice the layers of a year.
        size = (years + 2) * sum(len(str(one)) for one in layers.values()) * 1e-6
        if size <= settings.layers_mb:
            break
        least = display.factor * math.sqrt(size / settings.layers_mb)
        display = choose_display(
            grid,
            columns=settings.columns,
            least=max(display.factor + 1, math.floor(least)),
        )
    return display


def pack_compared_products(files: MapFiles, cells: Cells) -> list[dict[str, object]]:
    """Layers of the compared products; none where the run has no products."""
    if files.compared is None:
        return []
    return [
        pack_compared_product(files.compared.path(name), files.change, cells)
        for name in files.compared.checksums
    ]


def keep_fine_cells(
    files: MapFiles, display: Display, *, settings: ExplorerSettings
) -> dict[str, object] | None:
    """Write the map's own cells beside the page where it shows blocks; None where not."""
    shutil.rmtree(files.cells, ignore_errors=True)  # of a page before this one
    files.cells.mkdir(parents=True)
    too_many = math.prod(files.grid.shape) > settings.fine_cells
    if display.factor == 1 or too_many:
        return None
    years = {year: files.maps.years()[year] for year in files.pair}
    return write_fine_cells(years, files.change, display, folder=files.cells)


def read_windows(store: Path) -> list[list[int]]:
    """First and last year of the two windows of years, where they are mapped."""
    attributes = open_store(store).attrs
    years = [attributes["first_window"], attributes["second_window"]]
    return [[int(span[0]), int(span[-1])] for span in years if len(span)]


def select_totals(table: pd.DataFrame) -> list[dict]:
    """Annual totals of GPP and NEE over all forests with their interval, PgC yr-1.

    A bound is None where it is not known, as with a single member: JSON has no NaN.
    """
    chosen = (table["stratum"] == "all") & table["variable"].isin(TARGET_FLUXES)
    rows = table.loc[chosen, list(TOTAL_COLUMNS)].sort_values(["variable", "year"])
    return [
        {name: None if value != value else value for name, value in row.items()}
        for row in rows.drop(columns="stratum").to_dict("records")
    ]


def pack_cell_details(
    model: Ensemble,
    files: MapFiles,
    *,
    display: Display,
    settings: ExplorerSettings,
) -> dict[str, object]:
    """Series of the pair of years, and reasons of the second year, of sampled cells."""
    stores = files.maps.years()
    maps = [
        load_store(stores[year], NEEDED, optional=REGION_LAYERS) for year in files.pair
    ]
    areas = [compute_forest_area(year) for year in maps]
    flat, side = choose_cells(display, areas[0] + areas[1], limit=settings.series_cells)
    cells = CellSamples.from_positions(files.grid, flat)
    series = {
        str(year): read_series(
            files.masks, cells, files.grid, variables=tuple(model.inputs), year=year
        )
        for year in files.pair
    }
    # Only cells with series can be explained, and only where they are forest in the second
    # year: all others get no area, so that they are not chosen.
    candidates = np.zeros(areas[1].size)
    candidates[flat] = areas[1].ravel()[flat]
    chosen, explained_side = choose_cells(
        display, candidates.reshape(files.grid.shape), limit=settings.reason_cells
    )
    rows = pd.Index(flat).get_indexer(chosen)
    types = maps[1]["forest_type"].values.ravel()[chosen]
    second = files.pair[1]
    return {
        "lat": cells.lat.round(4).tolist(),
        "lon": cells.lon.round(4).tolist(),
        "side": side,
        "series": {year: pack_series(values) for year, values in series.items()},
        "months": files.months
        and pack_months(
            {year: files.months.path(year) for year in files.pair},
            flat,
            shape=files.grid.shape,
        ),
        "explained": {"rows": rows.tolist(), "side": explained_side, "year": second},
        "reasons": pack_reasons(
            model,
            series[str(second)][rows],
            lat=cells.lat[rows],
            igbp=name_types(types),
        ),
    }
