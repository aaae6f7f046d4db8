"""Wiring of rule month_zones: the mean season of each zone of latitude."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.change.month_zones import MONTH_ZONES, tabulate_month_zones
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import upstream_stores


class Settings(Section):
    """What the job's numbers depend on."""

    zone_width_deg: float


def main(
    *, months: list[Path], maps: list[Path], settings: Settings, output: Path
) -> None:
    """Write months/zones.csv."""
    table = tabulate_month_zones(
        upstream_stores(*months).years(),
        upstream_stores(*maps).years(),
        width_deg=settings.zone_width_deg,
    )
    MONTH_ZONES.write(table, output)


if __name__ == "__main__":
    command_line.run(main)
