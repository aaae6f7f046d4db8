"""Wiring of rule gates: tests of the maps, whose table is written whatever they find."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.core.grids.grid import Grid
from forestflux.evaluation.evaluation_schemas import (
    CALIBRATION,
    COVERAGE,
    RECOVERY,
)
from forestflux.evaluation.gates.gates_manifest import GATES, GatesManifest
from forestflux.evaluation.gates.run_gates import run_gates, summarise_gates
from forestflux.jobs.manifests import write_manifest
from forestflux.jobs.settings.gate_settings import GateSettings
from forestflux.jobs.settings.run_settings import MappedGridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import upstream_stores


class Settings(Section):
    """What the job's numbers depend on."""

    gates: GateSettings
    min_forest_fraction: float
    grid: MappedGridSettings
    simulated: bool


def main(
    *,
    years: list[int],
    maps: list[Path],
    recovery: list[Path],
    coverage: list[Path],
    calibration: Path,
    settings: Settings,
    table: Path,
    manifest: Path,
) -> None:
    """Write gates.csv and gates.json."""
    stores = upstream_stores(*maps)
    tested = run_gates(
        {year: stores.path(year) for year in years},
        Grid(**settings.grid.model_dump()),
        settings=settings.gates,
        min_forest_fraction=settings.min_forest_fraction,
        simulated=settings.simulated,
        recovery=RECOVERY.read_file(recovery[0]) if recovery else None,
        coverage=COVERAGE.read_file(coverage[0]) if coverage else None,
        calibration=CALIBRATION.read_file(calibration),
    )
    GATES.write(tested, table)
    found = GatesManifest.read(summarise_gates(tested), manifest)
    write_manifest(manifest, found)


if __name__ == "__main__":
    command_line.run(main)
