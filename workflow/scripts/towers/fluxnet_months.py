"""Wiring of rule fluxnet_months: the monthly fluxes of one site from its files."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.jobs.manifests import write_manifest
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.tower_settings import FluxnetSettings
from forestflux.jobs.table_files import write_rows
from forestflux.towers.fluxnet.monthly_table import read_months
from forestflux.towers.fluxnet.site_record import MonthsRecord
from forestflux.towers.tower_schemas import FLUXNET_MONTHS


class Settings(Section):
    """What the job's numbers depend on."""

    fluxnet: FluxnetSettings


def main(
    *, site: str, files: list[Path], settings: Settings, table: Path, record: Path
) -> None:
    """Write fluxnet/{site}.months.csv and its record, fluxnet/{site}.months.json."""
    rows, known = read_months(site, files, settings=settings.fluxnet)
    write_rows(table, rows, FLUXNET_MONTHS.names)
    write_manifest(record, MonthsRecord.read(known, record))


if __name__ == "__main__":
    command_line.run(main)
