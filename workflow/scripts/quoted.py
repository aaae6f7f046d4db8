"""Wiring of rule quoted: the numbers that a text quotes."""

from pathlib import Path

from forestflux import job
from forestflux.quoted import quoted_numbers
from forestflux.tables import write_table


def main(*, results: Path, settings: dict, output: Path) -> None:
    """Write quoted.csv."""
    pair = tuple(settings["pair"]) if settings["pair"] else None
    write_table(quoted_numbers(results, pair=pair), output)


if __name__ == "__main__":
    job.run(main)
