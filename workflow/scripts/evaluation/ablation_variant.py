"""Wiring of rule ablation_variant: one variant on one split of one repeat."""

from pathlib import Path
from typing import Any

from forestflux.jobs import command_line
from forestflux.evaluation.ablation_table import VARIANT_PREDICTIONS, run_variant
from forestflux.jobs.settings.sample_settings import FoldSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.training_settings import BaselineSettings, TrainSettings
from forestflux.prepare.sample_table import read_samples, read_unlabelled


class Settings(Section):
    """What the job's numbers depend on."""

    train: TrainSettings
    baseline: BaselineSettings
    variants: dict[str, dict[str, Any]]
    members: int
    folds: FoldSettings
    seed: int


def main(
    *,
    samples: Path,
    variant: str,
    split: str,
    repeat: int,
    settings: Settings,
    output: Path,
) -> None:
    """Write the predictions of unseen rows."""
    predictions = run_variant(
        read_samples(samples),
        read_unlabelled(samples),
        variant=variant,
        split=split,
        repeat=repeat,
        train=settings.train,
        baseline=settings.baseline,
        variants=settings.variants,
        members=settings.members,
        folds=settings.folds.count,
        seed=settings.seed,
    )
    VARIANT_PREDICTIONS.write(predictions, output)


if __name__ == "__main__":
    command_line.run(main)
