"""Wiring of rule ablation: scores of all variants, mean and spread over repeats."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.evaluation.ablation_table import VARIANT_PREDICTIONS, tabulate_ablation
from forestflux.evaluation.evaluation_schemas import ABLATION
from forestflux.prepare.sample_table import read_sample_table


def main(
    *, variants: list[Path], table: Path, min_quality: float, output: Path
) -> None:
    """Write the table."""
    scores = tabulate_ablation(
        [VARIANT_PREDICTIONS.read_file(path) for path in variants],
        read_sample_table(table),
        min_quality=min_quality,
    )
    ABLATION.write(scores, output)


if __name__ == "__main__":
    command_line.run(main)
