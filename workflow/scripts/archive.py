"""Wiring of rule archive: the annual fluxes of one site from its files."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.jobs.small_files import write_json, write_rows
from forestflux.towers.fluxnet.annual_table import COLUMNS
from forestflux.towers.fluxnet.site_reader import read_site


def main(*, site: str, files: list[Path], settings: dict, table: Path) -> None:
    """Write archive/{site}.csv and the record beside it, archive/{site}.json."""
    rows, record = read_site(site, files, settings=settings)
    write_rows(table, rows, COLUMNS)
    write_json(table.with_suffix(".json"), record)


if __name__ == "__main__":
    command_line.run(main)
