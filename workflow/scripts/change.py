"""Wiring of rule change: the pair of years, the series between, tables and store."""

from pathlib import Path

from forestflux.change.analysis import AnalysisSettings, analyse_change
from forestflux.change.strata.latitude_bands import read_latitude_bands
from forestflux.jobs import command_line
from forestflux.jobs.settings.change_settings import ChangeSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import upstream_stores
from forestflux.jobs.store import write_json, write_store
from forestflux.jobs.tables import write_table


class Settings(Section):
    """What the job's numbers depend on."""

    change: ChangeSettings
    level: float


def main(
    *,
    years: list[int],
    maps: list[Path],
    regions: list[Path],
    settings: Settings,
    code: str,
    manifest: Path,
) -> None:
    """Write change/*.csv, change/change.zarr and the manifest."""
    folder, change = manifest.parent, settings.change.numbers()
    store, tables = analyse_change(
        upstream_stores(*maps).years(),
        AnalysisSettings(
            **change
            | {
                "pair": tuple(change["pair"]),
                "bands": read_latitude_bands(change["bands"]),
                "level": settings.level,
                "regions": next(iter(regions), None),
            }
        ),
        years=years,
    )
    for name, table in tables.items():
        write_table(table, folder / f"{name}.csv")
    rows = store.chunksizes["y"][0]  # the blocks in which the layers are made
    record = write_store(
        store, folder / "change.zarr", build_key=code, chunks={"y": rows}
    )
    write_json(manifest, {"stores": {"change": record["checksum"]}})


if __name__ == "__main__":
    command_line.run(main)
