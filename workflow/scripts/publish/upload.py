"""Wiring of rule upload: products to object storage."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.jobs.small_files import write_json
from forestflux.publish.object_storage import shared_files, upload, year_files


def main(
    *, folder: Path, years: list[int], to: str, manifest: Path, below: str = "."
) -> None:
    """Copy the products of some years, or what all years share, and write the record.

    `below` is the folder in that of the products which has the years.
    """
    files = [f for year in years for f in year_files(folder / below / str(year))]
    sums = upload(files or shared_files(folder), folder, to)
    write_json(manifest, {"to": to, "files": sums})


if __name__ == "__main__":
    command_line.run(main)
