"""Wiring of rule gates: tests of the maps, whose table is written whatever they find."""

from pathlib import Path

import pandas as pd

from forestflux.core.grid import Grid
from forestflux.evaluation.gates.run_gates import run_gates, summary
from forestflux.jobs import command_line
from forestflux.jobs.stages import upstream_stores
from forestflux.jobs.store import write_json
from forestflux.jobs.tables import write_table


def main(
    *,
    years: list[int],
    maps: list[Path],
    recovery: list[Path],
    settings: dict,
    table: Path,
    manifest: Path,
) -> None:
    """Write gates.csv and gates.json."""
    stores = upstream_stores(*maps)
    gates = run_gates(
        {year: stores.path(year) for year in years},
        Grid(**settings["grid"]),
        settings=settings["gates"],
        min_forest_fraction=settings["min_forest_fraction"],
        recovery=pd.read_csv(recovery[0]) if recovery else None,
    )
    write_table(gates, table)
    write_json(manifest, summary(gates))


if __name__ == "__main__":
    command_line.run(main)
