"""Wiring of rule tower_sites: the checked table of towers."""

from pathlib import Path

from forestflux import job
from forestflux.folds import link_clusters
from forestflux.planet.towers import simulated_sites
from forestflux.tables import write_table
from forestflux.towers import read_sites


def main(*, table: list[Path], settings: dict, output: Path) -> None:
    """Write sites.csv with the 100 km cluster of every tower."""
    if settings["labels"] == "folder":
        sites = read_sites(table[0])
    else:
        sites = simulated_sites()
        sites["cluster"] = link_clusters(
            sites["lat"].to_numpy(), sites["lon"].to_numpy()
        )
    write_table(sites, output)


if __name__ == "__main__":
    job.run(main)
