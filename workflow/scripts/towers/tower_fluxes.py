"""Wiring of rule tower_fluxes: the checked annual fluxes of the towers."""

from pathlib import Path
from typing import Literal

from forestflux.jobs import command_line
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.source_settings import PlanetSettings
from forestflux.sources.simulated.simulated_towers import simulated_site_years
from forestflux.towers.fluxnet.fluxnet_towers import collect_site_years
from forestflux.towers.tower_schemas import FLUXNET_SITE_YEARS, SITE_YEARS, SITES
from forestflux.towers.tower_tables import read_site_years


class Settings(Section):
    """What the job's numbers depend on."""

    labels: Literal["simulated", "folder", "fluxnet"]
    check_sign: bool = True
    confirmed: tuple[str, ...] = ()
    seed: int = 0
    planet: PlanetSettings = PlanetSettings()
    years: tuple[int, ...] = ()


def main(*, sites: Path, table: list[Path], settings: Settings, output: Path) -> None:
    """Write site_years.csv: one row per tower and year, every quality."""
    towers = SITES.read_file(sites)
    told = {"check_sign": settings.check_sign, "confirmed": settings.confirmed}
    if settings.labels == "fluxnet":
        site_years = collect_site_years(table, towers, **told)
    elif settings.labels == "folder":
        site_years = read_site_years(table[0], towers, **told)
    else:
        site_years = simulated_site_years(
            towers,
            seed=settings.seed,
            planet=settings.planet,
            years=(settings.years[0], settings.years[-1]),
        )
    schema = FLUXNET_SITE_YEARS if settings.labels == "fluxnet" else SITE_YEARS
    schema.write(site_years, output)


if __name__ == "__main__":
    command_line.run(main)
