"""Wiring of rule tower_sites: the checked table of towers, how to cite them, what is left out."""

from pathlib import Path
from typing import Literal

import pandas as pd

from forestflux.jobs import command_line
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.tower_settings import FluxnetSettings
from forestflux.sources.simulated.simulated_towers import simulated_sites
from forestflux.towers.clusters import link_clusters
from forestflux.towers.fluxnet.fluxnet_towers import collect_sites
from forestflux.towers.tower_schemas import CITATIONS, LEFT_OUT, SITES
from forestflux.towers.tower_tables import read_sites


class Settings(Section):
    """What the job's numbers depend on."""

    labels: Literal["simulated", "folder", "fluxnet"]
    confirmed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    fluxnet: FluxnetSettings = FluxnetSettings()


def main(
    *,
    table: list[Path],
    information: list[Path],
    settings: Settings,
    sites: Path,
    citations: Path,
    left_out: Path,
) -> None:
    """Write sites.csv with the 100 km cluster of every tower, citations.csv, left_out.csv."""
    left = pd.DataFrame(columns=LEFT_OUT.names)
    if settings.labels == "fluxnet":
        towers, cited, left = collect_sites(
            table,
            information,
            settings.unknown,
            settings=settings.fluxnet,
            confirmed=settings.confirmed,
        )
    else:
        if settings.labels == "folder":
            towers = read_sites(table[0], confirmed=settings.confirmed)
        else:
            towers = simulated_sites()
            towers["cluster"] = link_clusters(
                towers["lat"].to_numpy(), towers["lon"].to_numpy()
            )
        cited = towers[["site"]].reindex(columns=CITATIONS.names)
    SITES.write(towers, sites)
    CITATIONS.write(cited, citations)
    LEFT_OUT.write(left, left_out)


if __name__ == "__main__":
    command_line.run(main)
