"""Wiring of rule tower_fluxes: the checked annual fluxes of the towers."""

from pathlib import Path

import pandas as pd

from forestflux.jobs import command_line
from forestflux.jobs.tables import write_table
from forestflux.sources.simulated.simulated_towers import simulated_site_years
from forestflux.towers.fluxnet.fluxnet_towers import collect_site_years
from forestflux.towers.tower_tables import read_site_years


def main(*, sites: Path, table: list[Path], settings: dict, output: Path) -> None:
    """Write site_years.csv: one row per tower and year, every quality."""
    towers = pd.read_csv(sites)
    if settings["labels"] == "archive":
        site_years = collect_site_years(table, towers)
    elif settings["labels"] == "folder":
        site_years = read_site_years(
            table[0], towers, check_sign=settings["check_sign"]
        )
    else:
        site_years = simulated_site_years(
            towers,
            seed=settings["seed"],
            planet=settings["planet"],
            years=(settings["years"][0], settings["years"][-1]),
        )
    write_table(site_years, output)


if __name__ == "__main__":
    command_line.run(main)
