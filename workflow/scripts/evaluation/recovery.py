"""Wiring of rule recovery: the maps of the simulated planet against its truth."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.change.change_schemas import REGION_CHANGES, REGIONS, WINDOWS
from forestflux.change.strata.divisions import divide_grid
from forestflux.core.grids.grid import Grid
from forestflux.core.regions.run_region import find_areas
from forestflux.evaluation.evaluation_schemas import COVERAGE, RECOVERY
from forestflux.evaluation.interval_coverage import (
    sum_true_totals,
    tabulate_interval_coverage,
)
from forestflux.evaluation.planet_recovery import score_recovery
from forestflux.evaluation.truth_comparison import compare_with_truth
from forestflux.jobs.settings.change_settings import ChangeSettings
from forestflux.jobs.settings.region_settings import Region
from forestflux.jobs.settings.run_settings import MappedGridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import upstream_stores


class Settings(Section):
    """What the job's numbers depend on."""

    change: ChangeSettings
    grid: MappedGridSettings
    region: Region = ()


def main(
    *,
    years: list[int],
    maps: list[Path],
    truth: list[Path],
    change: Path,
    tables: list[Path],
    regions: list[Path],
    settings: Settings,
    recovery: Path,
    coverage: Path,
) -> None:
    """Write recovery.csv and coverage.csv; `tables` are regions, their changes and windows."""
    mapped, true = upstream_stores(*maps).years(), upstream_stores(*truth).years()
    pair, bands = settings.change.pair, settings.change.bands
    changed = upstream_stores(change).load("change")
    both = compare_with_truth(mapped, true, years=years, pair=pair, bands=bands)
    scores = score_recovery(
        both, change=changed, pair=pair, bands=bands, alpha=settings.change.alpha
    )
    RECOVERY.write(scores, recovery)
    grid = Grid(**settings.grid.model_dump())
    divisions = divide_grid(
        grid.latitudes(),
        grid.longitudes(),
        bands=bands,
        regions=next(iter(regions), None),
        region_name=settings.change.region_name,
        areas=find_areas(settings.region, grid),
    )
    schemas = (REGIONS, REGION_CHANGES, WINDOWS)
    covered = tabulate_interval_coverage(
        sum_true_totals(mapped, true, divisions, years),
        {
            path.stem: schema.read_file(path)
            for schema, path in zip(schemas, tables, strict=True)
        },
        both,
        changed,
    )
    COVERAGE.write(covered, coverage)


if __name__ == "__main__":
    command_line.run(main)
