"""Gates: tests of a run's results that either hold, are a known bias, or fail loudly."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from forestflux.core.grids.grid import Grid
from forestflux.core.names import TARGET_FLUXES
from forestflux.evaluation.gates.cell_facts import collect_cell_facts
from forestflux.evaluation.gates.gate_rows import (
    FAIL,
    STATUSES,
    gate_cells,
    gate_gaps,
    gate_globe,
    gate_jumps,
    gate_seams,
)
from forestflux.evaluation.gates.gates_manifest import GATES
from forestflux.evaluation.gates.seams import measure_seams
from forestflux.evaluation.gates.truth_gates import gate_coverage, gate_truth
from forestflux.jobs.settings.gate_settings import GateSettings
from forestflux.jobs.stores.store import open_store

PARTIAL = "not all tiles of the globe are mapped"
SIMULATED = "the simulated planet is not the Earth, its truth is known (gate truth)"


def run_gates(
    maps: dict[int, Path],
    grid: Grid,
    *,
    settings: GateSettings,
    min_forest_fraction: float,
    simulated: bool,
    recovery: pd.DataFrame | None = None,
    coverage: pd.DataFrame | None = None,
    calibration: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """`gates.csv`: one row for each test of each year (docs/explanation/gates.md).

    A map is read in blocks of rows and strips along borders: memory does not grow
    with it.

    Parameters
    ----------
    maps : map store by year
    grid : of the maps, with the tiles that are mapped
    settings : section `gates` of the configuration
    min_forest_fraction : forest share from which a cell is estimated
    simulated : whether the planet is not the Earth, of which the published bounds are
    recovery : map against truth, on the simulated planet with a change only
    coverage : how often its truth is inside the intervals
    calibration : how often intervals hold at towers

    Raises
    ------
    InputError : a map lacks a layer or has a damaged chunk
    """
    part = "" if grid.covers_globe else PARTIAL
    earth = SIMULATED if simulated else part
    rows, facts = [], {}
    for year in tqdm(sorted(maps), desc="gates", disable=None):
        dataset = open_store(maps[year])
        facts[year] = collect_cell_facts(
            maps[year],
            ranges=settings.ranges,
            min_forest_fraction=min_forest_fraction,
        )
        seams = {f: measure_seams(dataset, f, grid) for f in TARGET_FLUXES}
        tests = [
            *gate_cells(facts[year], settings),
            *gate_seams(seams, settings),
            *gate_globe(facts[year], settings, earth=earth, part=part),
        ]
        rows += [test | {"year": year} for test in tests]
    rows += gate_jumps({y: facts[y].totals for y in facts}, settings, part=part)
    if calibration is not None:
        rows += gate_gaps(calibration, settings)
    if recovery is not None:
        rows += gate_truth(recovery, list(facts), settings.truth, part=part)
    if coverage is not None:
        rows += gate_coverage(coverage, list(facts), settings.truth)
    table = pd.DataFrame(rows, columns=GATES.names)
    return table.astype({"year": "Int64"})


def summarise_gates(table: pd.DataFrame) -> dict[str, object]:
    """`gates.json`: rows by status, and one line for each row that failed."""
    counts = table["status"].value_counts()
    failed = table[table["status"] == FAIL]
    return {
        "counts": {status: int(counts.get(status, 0)) for status in STATUSES},
        "failed": [describe_failure(test) for test in failed.to_dict("records")],
    }


def describe_failure(test: Mapping[Hashable, Any]) -> str:
    """One line for a failed row: what was expected and what was found."""
    when = "" if pd.isna(test["year"]) else f" {test['year']}"
    low, high = (
        f"{test[end]:.6g}" if pd.notna(test[end]) else "any" for end in ("low", "high")
    )
    return (
        f"gate {test['gate']}{when}: {test['quantity']} ({test['cells']}): expected"
        f" {low} to {high} {test['unit']}, found {test['found']:.6g}"
    )
