"""Which files hold a user's regions; nothing heavy is imported, because the workflow asks too."""

from pathlib import Path

from forestflux.core.input_errors import InputError

GEOJSON = (".geojson", ".json")
SUFFIXES = (*GEOJSON, ".gpkg", ".shp")
# Files that make a shapefile together with the one that is named, and those that it may have.
NEEDED_PARTS, OTHER_PARTS = (".dbf", ".shx"), (".prj", ".cpg")


def is_region_file(text: str) -> bool:
    """Whether a text has the ending of a file of regions."""
    return Path(text).suffix.lower() in SUFFIXES


def list_region_files(file: Path) -> list[Path]:
    """The file and those that belong to it, as far as they are there."""
    if file.suffix.lower() != ".shp":
        return [file]
    parts = (find_part(file, suffix) for suffix in NEEDED_PARTS + OTHER_PARTS)
    return [file, *(part for part in parts if part.is_file())]


def find_part(file: Path, suffix: str) -> Path:
    """A file beside a shapefile, in capital letters where the shapefile is."""
    return file.with_suffix(suffix.upper() if file.suffix.isupper() else suffix)


def check_file(file: Path) -> None:
    """Refuse a file that is not there, of another kind or without the files that belong to it."""
    expected = found = None
    if not file.is_file():
        expected, found = "a file of regions", "nothing"
    elif file.suffix.lower() not in SUFFIXES:
        expected = "a GeoJSON (.geojson, .json), GeoPackage (.gpkg) or shapefile (.shp)"
        found = file.suffix or "no suffix"
    elif file.suffix.lower() == ".shp":
        missing = [s for s in NEEDED_PARTS if not find_part(file, s).is_file()]
        if missing:
            expected = f"{' and '.join(NEEDED_PARTS)} beside the shapefile"
            found = f"no {' and no '.join(missing)}"
    if expected and found:
        raise InputError(file, variable="file", expected=expected, found=found)
