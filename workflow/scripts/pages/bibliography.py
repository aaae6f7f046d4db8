"""Wiring of rule bibliography: citations of the towers that are used."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.jobs.small_files import write_text
from forestflux.pages.tower_citations import BIBLIOGRAPHY, as_markdown, bibliography
from forestflux.prepare.sample_schema import SAMPLES
from forestflux.towers.tower_schemas import CITATIONS


def main(*, samples: Path, citations: Path, table: Path, page: Path) -> None:
    """Write bibliography.csv and bibliography.md."""
    used = SAMPLES.read_file(samples, columns=("site", "used"))
    result = bibliography(used, CITATIONS.read_file(citations))
    BIBLIOGRAPHY.write(result, table)
    write_text(page, as_markdown(result))


if __name__ == "__main__":
    command_line.run(main)
