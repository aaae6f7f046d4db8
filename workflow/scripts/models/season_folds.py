"""Wiring of rule season_folds: shares of the months of towers that no season model has seen."""

from pathlib import Path

import pandas as pd
from tqdm import tqdm

from forestflux.jobs import command_line
from forestflux.jobs.settings.flux_settings import SeasonSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.models.seasons.month_labels import match_months
from forestflux.models.seasons.season_folds import MONTH_SHARES, run_season_fold
from forestflux.prepare.sample_table import read_samples
from forestflux.towers.tower_schemas import SITE_MONTHS


class Settings(Section):
    """What the job's numbers depend on."""

    season: SeasonSettings
    train: TrainSettings
    classical: tuple[str, ...]
    seed: int


def main(
    *,
    samples: Path,
    months: Path,
    split: str,
    folds: list[int],
    settings: Settings,
    output: Path,
) -> None:
    """Write months/shares.{split}.csv."""
    read = read_samples(samples)
    labels = match_months(read.table, SITE_MONTHS.read_file(months))
    parts = [
        run_season_fold(
            read,
            labels,
            split=split,
            fold=fold,
            settings=settings.season,
            train=settings.train,
            classical=settings.classical,
            seed=settings.seed,
        )[1]
        for fold in tqdm(folds, desc=f"season {split}", disable=None)
    ]
    MONTH_SHARES.write(pd.concat(parts, ignore_index=True), output)


if __name__ == "__main__":
    command_line.run(main)
