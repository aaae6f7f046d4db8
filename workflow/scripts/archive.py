"""Wiring of rule archive: the annual fluxes of one site from its files."""

from pathlib import Path

import pandas as pd

from forestflux import job
from forestflux.archive.annual import COLUMNS
from forestflux.archive.site import read_site
from forestflux.store import write_json
from forestflux.tables import write_table


def main(*, site: str, files: list[Path], settings: dict, table: Path) -> None:
    """Write archive/{site}.csv and the record beside it, archive/{site}.json."""
    rows, record = read_site(site, files, settings=settings)
    write_table(pd.DataFrame(rows, columns=list(COLUMNS)), table)
    write_json(table.with_suffix(".json"), record)


if __name__ == "__main__":
    job.run(main)
