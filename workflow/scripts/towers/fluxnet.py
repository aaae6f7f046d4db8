"""Wiring of rule fluxnet: the annual fluxes of one site from its files."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.jobs.manifests import write_manifest
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.tower_settings import FluxnetSettings
from forestflux.jobs.table_files import write_rows
from forestflux.towers.fluxnet.annual_table import ANNUAL_COLUMNS
from forestflux.towers.fluxnet.site_reader import read_site
from forestflux.towers.fluxnet.site_record import SiteRecord


class Settings(Section):
    """What the job's numbers depend on."""

    fluxnet: FluxnetSettings


def main(*, site: str, files: list[Path], settings: Settings, table: Path) -> None:
    """Write fluxnet/{site}.csv and the record beside it, fluxnet/{site}.json."""
    rows, record = read_site(site, files, settings=settings.fluxnet)
    write_rows(table, rows, ANNUAL_COLUMNS)
    file = table.with_suffix(".json")
    write_manifest(file, SiteRecord.read(record, file))


if __name__ == "__main__":
    command_line.run(main)
