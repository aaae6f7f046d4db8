"""Wiring of rule baseline: one classical model on the folds that a job owns."""

from pathlib import Path

import pandas as pd
from tqdm import tqdm

from forestflux.jobs import command_line
from forestflux.jobs.settings.evaluation_settings import GapExperiment
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.training_settings import BaselineSettings
from forestflux.models.classical.classical_models import ClassicalRegressor
from forestflux.models.cross_validation import FOLD_PREDICTIONS, run_fold
from forestflux.prepare.sample_table import read_samples


class Settings(Section):
    """What the job's numbers depend on."""

    baseline: BaselineSettings
    seed: int
    gaps: GapExperiment | None


def main(
    *,
    samples: Path,
    model: str,
    split: str,
    folds: list[int],
    settings: Settings,
    threads: int,
    output: Path,
) -> None:
    """Write the predictions of unseen rows."""
    read = read_samples(samples)
    group = "cluster" if split in ("cluster", "holdout") else "site"
    parts = []
    for fold in tqdm(folds, desc=f"{model} {split}", disable=None):
        regressor = ClassicalRegressor(
            model,
            candidates=settings.baseline.candidates,
            inner_folds=settings.baseline.inner_folds,
            group=group,
            n_jobs=threads,
        )
        _, predictions = run_fold(
            regressor.fit,
            read,
            split=split,
            fold=fold,
            member=-1,
            model=model,
            seed=settings.seed,
            gaps=settings.gaps,
        )
        parts.append(predictions)
    FOLD_PREDICTIONS.write(pd.concat(parts, ignore_index=True), output)


if __name__ == "__main__":
    command_line.run(main)
