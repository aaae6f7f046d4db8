"""Wiring of rule samples: the training table, its maps and the unlabelled series."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.jobs.settings.sample_settings import FoldSettings, SampleSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import upstream_stores
from forestflux.prepare.sample_table import write_samples
from forestflux.prepare.site_year_selection import build_samples
from forestflux.prepare.tower_series import collect_towers
from forestflux.prepare.unlabelled_series import choose_tower_series, draw_tile_series
from forestflux.towers.tower_schemas import SITE_YEARS, SITES


class Settings(Section):
    """What the job's numbers depend on."""

    samples: SampleSettings
    seed: int
    folds: FoldSettings
    holdout: tuple[str, ...]
    confirmed: tuple[str, ...]
    unlabelled_year: int | None


def main(
    *,
    sites: Path,
    site_years: Path,
    towers: list[Path],
    tiles: list[Path],
    settings: Settings,
    code: str,
    manifest: Path,
) -> None:
    """Write samples.csv, samples.zarr and the manifest."""
    tower_table = SITES.read_file(sites)
    masked = upstream_stores(*towers)
    series = collect_towers(
        {int(year): masked.path(place, year) for place, year in masked.listing()}
    )
    table, samples = build_samples(
        SITE_YEARS.read_file(site_years),
        tower_table,
        series,
        settings=settings.samples,
        holdout=list(settings.holdout),
        confirmed=settings.confirmed,
        folds_count=settings.folds.count,
        seed=settings.seed,
    )
    if tiles:
        cubes = upstream_stores(*tiles)
        wanted = str(settings.unlabelled_year)
        unlabelled = draw_tile_series(
            [cubes.path(*key) for key in cubes.listing() if key[1] == wanted],
            count=settings.samples.unlabelled,
            min_forest=settings.samples.unlabelled_min_forest,
            seed=settings.seed,
        )
    else:
        unlabelled = choose_tower_series(series, table, tower_table)
    write_samples(manifest, table, samples, unlabelled, build_key=code)


if __name__ == "__main__":
    command_line.run(main)
