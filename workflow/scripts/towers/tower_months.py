"""Wiring of rule tower_months: the checked monthly fluxes of the towers."""

from pathlib import Path
from typing import Literal

import pandas as pd

from forestflux.jobs import command_line
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.source_settings import PlanetSettings
from forestflux.sources.simulated.seasons import simulated_site_months
from forestflux.towers.fluxnet.fluxnet_months import collect_site_months
from forestflux.towers.site_months import order_months, read_site_months
from forestflux.towers.tower_schemas import (
    MONTHS_LEFT_OUT,
    SITE_MONTHS,
    SITE_YEARS,
    SITES,
)


class Settings(Section):
    """What the job's numbers depend on."""

    labels: Literal["simulated", "folder", "fluxnet"]
    skip_faulty: bool = False
    seed: int = 0
    planet: PlanetSettings = PlanetSettings()


def main(
    *,
    sites: Path,
    site_years: Path,
    table: list[Path],
    settings: Settings,
    output: Path,
    left_out: Path,
) -> None:
    """Write site_months.csv and left_out_months.csv."""
    towers, annual = SITES.read_file(sites), SITE_YEARS.read_file(site_years)
    left = pd.DataFrame(columns=MONTHS_LEFT_OUT.names)
    if settings.labels == "fluxnet":
        months, left = collect_site_months(
            table, annual, skip_faulty=settings.skip_faulty
        )
    elif settings.labels == "folder":
        months = read_site_months(table[0], towers, annual)
    else:
        simulated = simulated_site_months(
            towers, annual, seed=settings.seed, planet=settings.planet
        )
        months = order_months(simulated)
    SITE_MONTHS.write(months, output)
    MONTHS_LEFT_OUT.write(left, left_out)


if __name__ == "__main__":
    command_line.run(main)
