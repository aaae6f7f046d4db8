"""Regions of a user: the named polygons of a GeoJSON, GeoPackage or shapefile, all checked."""

import json
import warnings
from pathlib import Path

import numpy as np
import pyogrio
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError, ProjError

from forestflux.core.errors import InputError
from forestflux.core.plain_text import is_printable
from forestflux.core.regions.region_cells import NamedArea
from forestflux.core.regions.region_paths import GEOJSON, check_file, find_part
from forestflux.core.regions.region_shapes import ShapeError, ShapeReader

# What pyogrio raises for files without readable features.
READ_ERRORS = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FeatureError,
    pyogrio.errors.GeometryError,
    shapely.errors.ShapelyError,
)


def read_regions(file: Path, *, name: str) -> list[NamedArea]:
    """The features of a file as areas, in order; several may have one name.

    Parameters
    ----------
    file : `.geojson`, `.json`, `.gpkg` (its first layer of features) or `.shp`
    name : the property that names a feature

    Raises
    ------
    InputError : the file is missing, damaged or of another kind, or names a reference system
        that nobody knows; a feature has no such property or no polygon that can be
        understood
    """
    check_file(file)
    try:
        properties, shapes, system = read_features(file)
        system = read_named_system(file) or system
    except (*READ_ERRORS, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise InputError(
            file,
            variable="file",
            expected="readable features",
            found=f"{type(error).__name__}: {error}",
        ) from error
    if name not in properties:
        raise InputError(
            file,
            variable=name,
            expected="a name of each feature (property of change.region_name)",
            found=f"only {', '.join(properties) or 'no property'}",
        )
    if not len(shapes):
        raise InputError(file, variable="file", expected="features", found="none")
    try:
        reader = ShapeReader(system)
    except (CRSError, ProjError) as error:
        raise unknown_system_error(file, str(error)) from error
    return [
        make_area(file, reader, shape, name=name, label=label)
        for label, shape in zip(properties[name], shapes, strict=True)
    ]


def read_features(
    path: Path | str,
) -> tuple[dict[str, np.ndarray], np.ndarray, CRS | None]:
    """Properties by name, each (feature,), shapes (feature,), reference system of the first layer.

    The third dimension is left out. An open ring is closed.
    """
    with warnings.catch_warnings():
        # Of rings that are open and numbers that are NaN, which are looked at later.
        warnings.simplefilter("ignore", RuntimeWarning)
        # A shapefile may say how its texts are written. All others are UTF-8.
        declared = find_part(Path(path), ".cpg").is_file()
        facts, _, shapes, values = pyogrio.raw.read(
            path, layer=0, force_2d=True, encoding=None if declared else "UTF-8"
        )
        shapes = shapely.from_wkb(shapes, on_invalid="fix")
    system = CRS.from_user_input(facts["crs"]) if facts["crs"] else None
    return dict(zip(facts["fields"], values, strict=True)), shapes, system


def read_named_system(file: Path) -> CRS | None:
    """The reference system that a GeoJSON file names in its member `crs`, as files before 2016 do.

    GDAL reads such a member as well, but takes degrees where it does not know the name.

    Raises
    ------
    InputError : a member that names no system that can be found
    """
    if file.suffix.lower() not in GEOJSON:
        return None
    content = json.loads(file.read_text("utf-8-sig"))
    member = content.get("crs") if isinstance(content, dict) else None
    if member is None:
        return None
    properties = member.get("properties") if isinstance(member, dict) else None
    named = properties if isinstance(properties, dict) else {}
    text = named.get("name", f"EPSG:{named.get('code')}")
    try:
        return CRS.from_user_input(str(text))
    except CRSError as error:
        raise unknown_system_error(file, json.dumps(member)[:100]) from error


def unknown_system_error(file: Path, found: str) -> InputError:
    """The one-line error of coordinates that cannot be brought into degrees."""
    expected = "a reference system that leads to longitude and latitude"
    return InputError(file, variable="crs", expected=expected, found=found)


def make_area(
    file: Path,
    reader: ShapeReader,
    shape: shapely.Geometry | None,
    *,
    name: str,
    label: object,
) -> NamedArea:
    """A feature as an area, after its name and geometry are checked."""
    # A column of numbers has NaN where a feature has no name.
    if label is None or label == "" or label != label:
        raise InputError(
            file,
            variable=name,
            expected="a name of each feature (property of change.region_name)",
            found="a feature without one",
        )
    if not is_printable(str(label)):
        raise InputError(
            file,
            variable=name,
            expected="names of printable characters",
            found=str(label),
        )
    try:
        return NamedArea(str(label), "", reader.read(shape))
    except (ShapeError, shapely.errors.GEOSException) as error:
        expected = getattr(error, "expected", "a polygon that can be understood")
        found = getattr(error, "found", str(error))
        raise InputError(
            file, variable=str(label), expected=expected, found=found
        ) from error
