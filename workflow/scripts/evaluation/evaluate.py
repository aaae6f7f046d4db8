"""Wiring of rule evaluate: predictions, scores in space and time, gaps and coverage."""

from pathlib import Path
from typing import Literal

import pandas as pd

from forestflux.jobs import command_line
from forestflux.ensemble.applicability_fitting import score_unseen_rows
from forestflux.ensemble.members import read_ensembles, read_predictions
from forestflux.evaluation.evaluation_schemas import EVALUATION_TABLES
from forestflux.evaluation.gap_coverage import tabulate_gap_coverage
from forestflux.evaluation.tower_evaluation import evaluate_models
from forestflux.jobs.settings.evaluation_settings import GapExperiment
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.jobs.tables import write_tables
from forestflux.models.cross_validation import FOLD_PREDICTIONS
from forestflux.prepare.sample_table import read_sample_table, read_samples


class Settings(Section):
    """What the job's numbers depend on."""

    min_quality: float
    level: float
    quantile: float | None
    train: TrainSettings
    seed: int
    gaps: GapExperiment
    years: Literal["response", "between"]


def main(
    *,
    samples: Path,
    table: Path,
    train: list[Path],
    baseline: list[Path],
    settings: Settings,
    tables: list[Path],
) -> None:
    """Write the tables of the stage."""
    parts = read_predictions(train)
    parts += [FOLD_PREDICTIONS.read_file(path, empty=True) for path in baseline]
    used = read_samples(samples)
    ensembles = read_ensembles(train, settings.train)
    dissimilarity = score_unseen_rows(
        ensembles,
        used,
        quantile=settings.quantile,
        seed=settings.seed,
    )
    made = evaluate_models(
        parts,
        read_sample_table(table),
        dissimilarity,
        samples=used,
        gaps=settings.gaps,
        years=settings.years,
        min_quality=settings.min_quality,
        level=settings.level,
        seed=settings.seed,
    )
    with_gaps = tabulate_gap_coverage(
        ensembles,
        made["predictions"],
        used,
        responds=settings.years == "response",
        level=settings.level,
        min_quality=settings.min_quality,
        seed=settings.seed,
    )
    made["calibration"] = pd.concat([made["calibration"], with_gaps])
    write_tables(made, tables, EVALUATION_TABLES)


if __name__ == "__main__":
    command_line.run(main)
