"""Wiring of rule headline: the numbers that a text quotes."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.jobs.settings.section import Section
from forestflux.pages.headline_numbers import HEADLINE, headline_numbers


class Settings(Section):
    """What the job's numbers depend on."""

    pair: tuple[int, int] | None


def main(*, tables: list[Path], settings: Settings, output: Path) -> None:
    """Write headline.csv."""
    files = {path.stem: path for path in tables}
    HEADLINE.write(headline_numbers(files, pair=settings.pair), output)


if __name__ == "__main__":
    command_line.run(main)
