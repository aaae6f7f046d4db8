"""Wiring of rule bibliography: citations of the towers that are used."""

from pathlib import Path

import pandas as pd

from forestflux.jobs import command_line
from forestflux.jobs.small_files import write_text
from forestflux.jobs.tables import read_table, write_table
from forestflux.pages.tower_citations import as_markdown, bibliography
from forestflux.towers.tower_schemas import CITATIONS


def main(*, samples: Path, citations: Path, table: Path, page: Path) -> None:
    """Write bibliography.csv and bibliography.md."""
    used = pd.read_csv(samples, usecols=["site", "used"], dtype={"site": str})
    cited = read_table(citations, columns=CITATIONS.names)
    result = bibliography(used, cited[CITATIONS.names].astype(object))
    write_table(result, table)
    write_text(page, as_markdown(result))


if __name__ == "__main__":
    command_line.run(main)
