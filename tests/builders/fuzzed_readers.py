"""Every reader of files that come from elsewhere, by name."""

from pathlib import Path

from forestflux.jobs.manifests import read_manifest, write_manifest
from forestflux.towers.fluxnet.site_record import SiteRecord
from tests.builders import fuzzed_map_files as map_files
from tests.builders import fuzzed_tower_files as tower_files
from tests.builders.fuzzed_reader import FuzzedReader

SITE = "DE-Aaa"


def make_readers(folder: Path) -> dict[str, FuzzedReader]:
    """Every reader by name; its files are written below a folder."""
    readers = {
        f"zip, {name}": tower_files.make_zip(folder, name)
        for name in tower_files.PACKINGS
    }
    return readers | {
        "FLUXNET table": tower_files.make_table(folder),
        "Excel workbook": tower_files.make_workbook(folder),
        "sheet of a workbook": tower_files.make_sheet(folder),
        "CSV of a user": tower_files.make_user_table(folder),
        "Parquet with checksums": tower_files.make_parquet(folder),
        "MODIS subset, JSON": map_files.make_subset_json(folder),
        "MODIS subset, CSV": map_files.make_subset_csv(folder),
        "NPY answer": map_files.make_npy(folder),
        "GeoJSON regions": map_files.make_regions(folder),
        "manifest, JSON": make_manifest(folder),
    }


def make_manifest(folder: Path) -> FuzzedReader:
    """The record of a site, which has a seal."""
    path = folder / "record.json"
    content = {
        "site": SITE,
        "information": {"lat": "50"},
        "left_out": [],
        "fault": None,
    }
    write_manifest(path, SiteRecord.read(content, path))
    return FuzzedReader(
        path, path.read_bytes(), lambda path: read_manifest(path, SiteRecord)
    )
