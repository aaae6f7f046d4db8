"""Wiring of rule recovery: the maps of the simulated planet against its truth."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.evaluation.evaluation_schemas import RECOVERY
from forestflux.evaluation.planet_recovery import score_recovery
from forestflux.jobs.settings.change_settings import LatitudeBandSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import upstream_stores


class Settings(Section):
    """What the job's numbers depend on."""

    pair: tuple[int, int]
    bands: tuple[LatitudeBandSettings, ...]
    alpha: float


def main(
    *,
    years: list[int],
    maps: list[Path],
    truth: list[Path],
    change: Path,
    settings: Settings,
    output: Path,
) -> None:
    """Write recovery.csv."""
    table = score_recovery(
        upstream_stores(*maps).years(),
        upstream_stores(*truth).years(),
        years=years,
        change=upstream_stores(change).load("change"),
        pair=settings.pair,
        bands=settings.bands,
        alpha=settings.alpha,
    )
    RECOVERY.write(table, output)


if __name__ == "__main__":
    command_line.run(main)
