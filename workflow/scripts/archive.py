"""Wiring of rule archive: the annual fluxes of one site from its files."""

from pathlib import Path

from forestflux import job
from forestflux.archive.annual import COLUMNS
from forestflux.archive.site import read_site
from forestflux.small_files import write_json, write_rows


def main(*, site: str, files: list[Path], settings: dict, table: Path) -> None:
    """Write archive/{site}.csv and the record beside it, archive/{site}.json."""
    rows, record = read_site(site, files, settings=settings)
    write_rows(table, rows, COLUMNS)
    write_json(table.with_suffix(".json"), record)


if __name__ == "__main__":
    job.run(main)
