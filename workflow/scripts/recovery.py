"""Wiring of rule recovery: the maps of the simulated planet against its truth."""

from pathlib import Path

from forestflux.change.strata.latitude_bands import read_latitude_bands
from forestflux.evaluation.planet_recovery import recover
from forestflux.jobs import command_line
from forestflux.jobs.settings.change_settings import ChangeSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import upstream_stores
from forestflux.jobs.store import load_store
from forestflux.jobs.tables import write_table


class Settings(Section):
    """What the job's numbers depend on."""

    change: ChangeSettings


def main(
    *,
    years: list[int],
    maps: list[Path],
    truth: list[Path],
    change: Path,
    settings: Settings,
    output: Path,
) -> None:
    """Write recovery.csv."""
    mapped, true = upstream_stores(*maps), upstream_stores(*truth)
    section = settings.change.numbers()
    table = recover(
        mapped.years(),
        true.years(),
        years=years,
        change=load_store(change.parent / "change.zarr"),
        pair=tuple(section["pair"]),
        bands=read_latitude_bands(section["bands"]),
        alpha=section["alpha"],
    )
    write_table(table, output)


if __name__ == "__main__":
    command_line.run(main)
