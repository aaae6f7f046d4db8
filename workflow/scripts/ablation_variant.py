"""Wiring of rule ablation_variant: one variant on one split of one repeat."""

from pathlib import Path

from forestflux.evaluation.ablation_table import run_variant
from forestflux.jobs import command_line
from forestflux.jobs.tables import write_table
from forestflux.prepare.sample_table import read_samples, read_unlabelled


def main(
    *,
    samples: Path,
    variant: str,
    split: str,
    repeat: int,
    settings: dict,
    output: Path,
) -> None:
    """Write the predictions of unseen rows."""
    predictions = run_variant(
        read_samples(samples.parent),
        read_unlabelled(samples.parent),
        variant=variant,
        split=split,
        repeat=repeat,
        settings=settings,
    )
    write_table(predictions, output)


if __name__ == "__main__":
    command_line.run(main)
