"""Wiring of rule ablation: scores of all variants, mean and spread over repeats."""

from pathlib import Path

import pandas as pd

from forestflux import job
from forestflux.ablation import ablation_table
from forestflux.samples import read_sample_table
from forestflux.tables import write_table


def main(
    *, variants: list[Path], table: Path, min_quality: float, output: Path
) -> None:
    """Write the table."""
    scores = ablation_table(
        [pd.read_csv(path) for path in variants],
        read_sample_table(table.parent),
        min_quality=min_quality,
    )
    write_table(scores, output)


if __name__ == "__main__":
    job.run(main)
