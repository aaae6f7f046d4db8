"""Wiring of rule truth: the simulated planet's true fluxes of the years that a job owns."""

from collections.abc import Iterator
from pathlib import Path

import xarray as xr

from forestflux.jobs import command_line
from forestflux.core.grids.grid import Grid
from forestflux.jobs.settings.run_settings import MappedGridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.source_settings import PlanetSettings
from forestflux.jobs.stages import Key, run_stage
from forestflux.sources.simulated.true_fluxes import true_year


class Settings(Section):
    """What the job's numbers depend on."""

    grid: MappedGridSettings
    seed: int
    planet: PlanetSettings


def main(*, years: list[int], settings: Settings, code: str, manifest: Path) -> None:
    """Write truth/{year}.zarr and the job's manifest."""
    grid = Grid(**settings.grid.model_dump())

    def make(missing: list[Key]) -> Iterator[xr.Dataset]:
        for (year,) in missing:
            yield true_year(grid, year, seed=settings.seed, planet=settings.planet)

    run_stage(
        manifest,
        [(year,) for year in years],
        build_key=lambda year: [code, settings, year],
        make=make,
    )


if __name__ == "__main__":
    command_line.run(main)
