"""Wiring of rule month_scores: months at unseen towers and their skill."""

from pathlib import Path

import pandas as pd

from forestflux.jobs import command_line
from forestflux.evaluation.evaluation_schemas import PREDICTIONS
from forestflux.evaluation.months.month_schemas import MONTH_TABLES
from forestflux.evaluation.months.month_scores import (
    add_observed,
    predict_months,
    tabulate_month_coverage,
    tabulate_month_scores,
)
from forestflux.jobs.settings.section import Section
from forestflux.jobs.tables import write_tables
from forestflux.models.seasons.season_folds import MONTH_SHARES
from forestflux.prepare.sample_table import read_sample_table
from forestflux.towers.tower_schemas import SITE_MONTHS


class Settings(Section):
    """What the job's numbers depend on."""

    min_quality: float
    level: float
    seed: int


def main(
    *,
    shares: list[Path],
    predictions: Path,
    table: Path,
    months: Path,
    settings: Settings,
    tables: list[Path],
) -> None:
    """Write the tables of months: predictions, scores and coverage."""
    parts = [MONTH_SHARES.read_file(path, empty=True) for path in shares]
    predicted = add_observed(
        predict_months(
            pd.concat([part for part in parts if len(part)], ignore_index=True),
            PREDICTIONS.read_file(predictions),
            read_sample_table(table),
        ),
        SITE_MONTHS.read_file(months),
    )
    told = {"min_quality": settings.min_quality, "seed": settings.seed}
    made = {
        "predictions": predicted,
        "scores": tabulate_month_scores(predicted, **told),
        "coverage": tabulate_month_coverage(predicted, level=settings.level, **told),
    }
    write_tables(made, tables, MONTH_TABLES)


if __name__ == "__main__":
    command_line.run(main)
