"""Wiring of rule bibliography: citations of the towers that are used."""

from pathlib import Path

import pandas as pd

from forestflux import job
from forestflux.bibliography import as_markdown, bibliography
from forestflux.figures.tables import read_table
from forestflux.store import write_text
from forestflux.tables import write_table
from forestflux.towers import CITATION_COLUMNS


def main(*, samples: Path, citations: Path, table: Path, page: Path) -> None:
    """Write bibliography.csv and bibliography.md."""
    used = pd.read_csv(samples, usecols=["site", "used"], dtype={"site": str})
    cited = read_table(citations.parent, citations.name, columns=CITATION_COLUMNS)
    result = bibliography(used, cited[list(CITATION_COLUMNS)].astype(object))
    write_table(result, table)
    write_text(page, as_markdown(result))


if __name__ == "__main__":
    job.run(main)
