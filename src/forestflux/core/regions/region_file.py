"""Regions of a user: the named polygons of a GeoJSON, GeoPackage or shapefile, all checked."""

import warnings
from pathlib import Path

import numpy as np
import pyogrio
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError, ProjError

from forestflux.core.input_errors import InputError
from forestflux.core.reading.plain_text import is_printable
from forestflux.core.regions.geojson import EXPECTED_SYSTEM, read_geojson
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
    properties, shapes, reader = open_features(file)
    if name not in properties:
        raise InputError(
            file,
            variable=name,
            expected="a name of each feature (property of change.region_name)",
            found=f"only {', '.join(properties) or 'no property'}",
        )
    return [
        make_area(file, reader, shape, name=name, label=label)
        for label, shape in zip(properties[name], shapes, strict=True)
    ]


def read_shapes(file: Path) -> list[shapely.Geometry]:
    """The polygons of a file in degrees, in order, whatever their names.

    Raises
    ------
    InputError : as `read_regions`
    """
    _, shapes, reader = open_features(file)
    return [
        read_shape(file, reader, shape, label=f"feature {number}")
        for number, shape in enumerate(shapes, start=1)
    ]


def open_features(
    file: Path,
) -> tuple[dict[str, np.ndarray], np.ndarray, ShapeReader]:
    """Properties by name, shapes (feature,) as they come, and what reads them.

    Raises
    ------
    InputError : as `read_regions`
    """
    check_file(file)
    try:
        read = read_geojson if file.suffix.lower() in GEOJSON else read_features
        properties, shapes, system = read(file)
    except (*READ_ERRORS, OSError, ValueError, RecursionError) as error:
        raise InputError(
            file,
            variable="file",
            expected="readable features",
            found=f"{type(error).__name__}: {error}",
        ) from error
    if not len(shapes):
        raise InputError(file, variable="file", expected="features", found="none")
    try:
        return properties, shapes, ShapeReader(system)
    except (CRSError, ProjError) as error:
        raise InputError(
            file, variable="crs", expected=EXPECTED_SYSTEM, found=str(error)
        ) from error


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
    if label is None or label == "" or label != label or isinstance(label, list | dict):
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
    return NamedArea(str(label), "", read_shape(file, reader, shape, label=str(label)))


def read_shape(
    file: Path, reader: ShapeReader, shape: shapely.Geometry | None, *, label: str
) -> shapely.Geometry:
    """A polygon in degrees; an error names its feature."""
    try:
        return reader.read(shape)
    except (ShapeError, shapely.errors.GEOSException) as error:
        expected = getattr(error, "expected", "a polygon that can be understood")
        found = getattr(error, "found", str(error))
        raise InputError(
            file, variable=label, expected=expected, found=found
        ) from error
