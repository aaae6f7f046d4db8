"""Wiring of rule season: the season network of the maps, beside the trained model."""

from pathlib import Path

import numpy as np

from forestflux.jobs import command_line
from forestflux.ensemble.season_folder import save_season
from forestflux.jobs.manifests import read_manifest
from forestflux.jobs.settings.flux_settings import SeasonSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.models.seasons.month_labels import match_months
from forestflux.models.seasons.season_folds import MONTH_SHARES, run_season_fold
from forestflux.prepare.folds import split_rows
from forestflux.prepare.sample_table import SamplesManifest, read_samples
from forestflux.towers.tower_schemas import SITE_MONTHS


class Settings(Section):
    """What the job's numbers depend on."""

    season: SeasonSettings
    train: TrainSettings
    classical: tuple[str, ...]
    seed: int


def main(
    *, samples: Path, months: Path, settings: Settings, shares: Path, output: Path
) -> None:
    """Write model/season.json, its weights, and months/shares.holdout.csv."""
    read = read_samples(samples)
    labels = match_months(read.table, SITE_MONTHS.read_file(months))
    network, held_out = run_season_fold(
        read,
        labels,
        split="holdout",
        fold=0,
        settings=settings.season,
        train=settings.train,
        classical=settings.classical,
        seed=settings.seed,
    )
    teach, _ = split_rows(read.table, "holdout", 0)
    taught = read.table.iloc[teach][np.isfinite(labels[teach]).all(axis=(1, 2))]
    MONTH_SHARES.write(held_out, shares)
    save_season(
        output.parent,
        network,
        samples=read_manifest(samples, SamplesManifest).stores,
        site_years=len(taught),
        sites=int(taught["site"].nunique()),
    )


if __name__ == "__main__":
    command_line.run(main)
