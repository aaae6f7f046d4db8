"""Wiring of rule month_recovery: months of the maps against those of the simulated planet."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.evaluation.months.month_recovery import (
    MONTH_RECOVERY,
    score_month_recovery,
)
from forestflux.jobs.stages import upstream_stores


def main(
    *, months: list[Path], truth: list[Path], maps: list[Path], output: Path
) -> None:
    """Write months/recovery.csv."""
    sides = (upstream_stores(*side).years() for side in (months, truth, maps))
    MONTH_RECOVERY.write(score_month_recovery(*sides), output)


if __name__ == "__main__":
    command_line.run(main)
