"""Wiring of rule recovery: the maps of the simulated planet against its truth."""

from pathlib import Path

from forestflux import job
from forestflux.recovery import recover
from forestflux.stages import upstream_stores
from forestflux.store import load_store
from forestflux.tables import write_table
from forestflux.totals import bands_of


def main(
    *,
    years: list[int],
    maps: list[Path],
    truth: list[Path],
    change: Path,
    settings: dict,
    output: Path,
) -> None:
    """Write recovery.csv."""
    mapped, true = upstream_stores(*maps), upstream_stores(*truth)
    section = settings["change"]
    table = recover(
        mapped.years(),
        true.years(),
        years=years,
        change=load_store(change.parent / "change.zarr"),
        pair=tuple(section["pair"]),
        bands=bands_of(section["bands"]),
        alpha=section["alpha"],
    )
    write_table(table, output)


if __name__ == "__main__":
    job.run(main)
