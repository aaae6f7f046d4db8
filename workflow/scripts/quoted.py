"""Wiring of rule quoted: the numbers that a text quotes."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.jobs.tables import write_table
from forestflux.pages.headline_numbers import headline_numbers


def main(*, results: Path, settings: dict, output: Path) -> None:
    """Write quoted.csv."""
    pair = tuple(settings["pair"]) if settings["pair"] else None
    write_table(headline_numbers(results, pair=pair), output)


if __name__ == "__main__":
    command_line.run(main)
