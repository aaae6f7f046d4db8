"""Wiring of rule season: the season network of the maps with its intervals, beside the model."""

from pathlib import Path

import numpy as np

from forestflux.jobs import command_line
from forestflux.core.names import NETWORK
from forestflux.ensemble.intervals.month_intervals import calibrate_months
from forestflux.ensemble.season_folder import save_season
from forestflux.ensemble.trained_season import TrainedSeason
from forestflux.evaluation.evaluation_schemas import PREDICTIONS
from forestflux.evaluation.months.month_scores import add_observed, predict_months
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
    level: float
    min_quality: float
    units: dict[str, str]


def main(
    *,
    samples: Path,
    months: Path,
    folds: Path,
    predictions: Path,
    settings: Settings,
    shares: Path,
    output: Path,
) -> None:
    """Write model/season.json, its weights, and months/shares.holdout.csv.

    `folds` are shares of the split by cluster, whose errors calibrate the map.
    """
    read, measured = read_samples(samples), SITE_MONTHS.read_file(months)
    labels = match_months(read.table, measured)
    unseen = MONTH_SHARES.read_file(folds)
    errors = add_observed(
        predict_months(
            unseen[unseen["model"] == NETWORK],
            PREDICTIONS.read_file(predictions),
            read.table,
        ),
        measured,
    )
    calibration = calibrate_months(
        errors, level=settings.level, min_quality=settings.min_quality
    )
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
        TrainedSeason(
            network,
            calibration,
            {name: settings.units[name] for name in network.variables},
        ),
        samples=read_manifest(samples, SamplesManifest).stores,
        site_years=len(taught),
        sites=int(taught["site"].nunique()),
    )


if __name__ == "__main__":
    command_line.run(main)
