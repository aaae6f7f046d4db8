"""Wiring of rule card: the model card from the finished model and tables."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.ensemble.model_record import read_model_record
from forestflux.evaluation.evaluation_schemas import CALIBRATION, INTERANNUAL, SCORES
from forestflux.jobs.settings.sample_settings import FoldSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.small_files import write_text
from forestflux.pages.model_card import model_card
from forestflux.prepare.sample_table import read_sample_table


class Settings(Section):
    """What the job's numbers depend on."""

    min_quality: float
    folds: FoldSettings


def main(
    *,
    model: Path,
    samples: Path,
    scores: Path,
    calibration: Path,
    interannual: Path,
    settings: Settings,
    output: Path,
) -> None:
    """Write card.md."""
    card = model_card(
        read_model_record(model).model_dump(mode="json"),
        read_sample_table(samples),
        SCORES.read_file(scores),
        CALIBRATION.read_file(calibration, empty=True),
        INTERANNUAL.read_file(interannual, empty=True),
        min_quality=settings.min_quality,
        folds=settings.folds.count,
    )
    write_text(output, card)


if __name__ == "__main__":
    command_line.run(main)
