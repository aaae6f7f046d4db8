"""Gates: tests of a run's results that either hold, are a known bias, or fail loudly."""

from pathlib import Path

import pandas as pd
import xarray as xr
from tqdm import tqdm

from forestflux.gates_cells import BOUNDED, cell_facts
from forestflux.gates_rows import (
    COLUMNS,
    FAIL,
    STATUSES,
    cell_rows,
    global_rows,
    jump_rows,
    seam_rows,
    truth_rows,
)
from forestflux.gates_seams import seams
from forestflux.store import open_store
from forestflux.totals import series_years

PARTIAL = "the map is not of the whole globe"
SIMULATED = "the simulated planet is not the Earth, its truth is known (gate truth)"


def run_gates(
    maps: dict[int, Path],
    *,
    settings: dict,
    min_forest_fraction: float,
    tile_cells: int,
    recovery: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """`gates.csv`: one row for each test of each year (docs/gates.md).

    A map is read in blocks of rows and strips along borders: memory does not grow
    with it.

    Parameters
    ----------
    maps : map store by year, every year of a series
    settings : section `gates` of the configuration
    min_forest_fraction : forest share from which a cell is estimated
    tile_cells : rows and columns of a tile
    recovery : map against truth, on the simulated planet only; published bounds are
        of the Earth and are not applied then

    Raises
    ------
    InputError : a map lacks a layer, or a year of the series is missing or of another
        grid; a chunk is damaged
    """
    years = series_years(maps)
    part = "" if is_whole_globe(open_store(maps[years[0]])) else PARTIAL
    earth = SIMULATED if recovery is not None else part
    rows, facts = [], {}
    for year in tqdm(years, desc="gates", disable=None):
        dataset = open_store(maps[year])
        facts[year] = cell_facts(
            dataset, ranges=settings["ranges"], min_forest_fraction=min_forest_fraction
        )
        found = {flux: seams(dataset, flux, tile_cells=tile_cells) for flux in BOUNDED}
        tests = [
            *cell_rows(facts[year], settings),
            *seam_rows(found, settings),
            *global_rows(facts[year], settings, part=part, earth=earth),
        ]
        rows += [test | {"year": year} for test in tests]
    rows += jump_rows({y: facts[y].totals for y in years}, settings, part=part)
    if recovery is not None:
        rows += truth_rows(recovery, years, settings["truth"])
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"year": "Int64"})


def is_whole_globe(dataset: xr.Dataset) -> bool:
    """Whether the cells of a map reach from pole to pole and once around."""
    y, x = dataset["y"].values, dataset["x"].values
    step = abs(y[1] - y[0])
    return abs(len(y) * step - 180) < step / 2 and abs(len(x) * step - 360) < step / 2


def summary(table: pd.DataFrame) -> dict[str, object]:
    """`gates.json`: rows by status, and one line for each row that failed."""
    counts = table["status"].value_counts()
    failed = table[table["status"] == FAIL]
    return {
        "counts": {status: int(counts.get(status, 0)) for status in STATUSES},
        "failed": [line(test) for test in failed.itertuples()],
    }


def line(test: object) -> str:
    """One line for a failed row: what was expected and what was found."""
    when = "" if pd.isna(test.year) else f" {test.year}"
    ends = [f"{end:.6g}" if pd.notna(end) else "any" for end in (test.low, test.high)]
    return (
        f"gate {test.gate}{when}: {test.quantity} ({test.cells}): expected"
        f" {ends[0]} to {ends[1]} {test.unit}, found {test.found:.6g}"
    )
