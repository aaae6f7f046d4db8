"""Polygons: named areas from a file, drawn onto the grid by the centres of its cells."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from pyproj import CRS, Transformer
from rasterio import Affine
from rasterio.features import rasterize

from forestflux.core.errors import InputError

GEOGRAPHIC = CRS.from_epsg(4326)
# Length in bytes of the envelope in a GeoPackage geometry's header, by its code.
ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}


@dataclass(frozen=True)
class Area:
    """A named area.

    Attributes
    ----------
    name : as it stands in the tables
    code : short name, empty where there is none
    shape : polygon or multipolygon as in GeoJSON, degrees east and north
    """

    name: str
    code: str
    shape: dict


def read_areas(file: Path, *, name: str) -> list[Area]:
    """Areas of a GeoJSON or GeoPackage file in longitude and latitude.

    Features of one name are one area. Another reference system of a GeoPackage is
    transformed; GeoJSON has longitude and latitude by its standard (RFC 7946).

    Parameters
    ----------
    file : `.geojson`, `.json` or `.gpkg` (its first layer of features)
    name : the property that names a feature

    Raises
    ------
    InputError : the file is missing, damaged or of another kind; a feature has no such
        property or no polygon
    """
    if not file.is_file():
        raise InputError(
            file, variable="file", expected="a file of regions", found="nothing"
        )
    readers = {".geojson": geojson, ".json": geojson, ".gpkg": geopackage}
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise InputError(
            file,
            variable="file",
            expected="a GeoJSON (.geojson, .json) or GeoPackage (.gpkg) file",
            found=file.suffix or "no suffix",
        )
    try:
        features = list(reader(file))
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        sqlite3.Error,
        shapely.errors.ShapelyError,
    ) as error:
        raise InputError(
            file,
            variable="file",
            expected="readable features",
            found=f"{type(error).__name__}: {error}",
        ) from error
    return [area_of(file, properties, shape, name) for properties, shape in features]


def geojson(file: Path) -> Iterable[tuple[dict, shapely.Geometry]]:
    """Properties and geometry of the features of a GeoJSON file."""
    for feature in json.loads(file.read_text())["features"]:
        yield feature["properties"], shapely.geometry.shape(feature["geometry"])


def geopackage(file: Path) -> Iterable[tuple[dict, shapely.Geometry]]:
    """Properties and geometry of the first layer of features of a GeoPackage."""
    with sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True) as base:
        table, column, definition = base.execute(
            "select c.table_name, g.column_name, s.definition from gpkg_contents c"
            " join gpkg_geometry_columns g on g.table_name = c.table_name"
            " join gpkg_spatial_ref_sys s on s.srs_id = g.srs_id"
            " where c.data_type = 'features' order by c.rowid"
        ).fetchone()
        rows = base.execute(f'select * from "{table}"')
        names = [entry[0] for entry in rows.description]
        project = to_geographic(CRS.from_user_input(definition))
        for row in rows:
            properties = dict(zip(names, row, strict=True))
            blob = properties.pop(column)
            header = 8 + ENVELOPE_BYTES[blob[3] >> 1 & 7]
            yield properties, project(shapely.from_wkb(blob[header:]))


def to_geographic(system: CRS):  # noqa: ANN201 - a function of a geometry
    """Function that brings geometries into longitude and latitude."""
    change = Transformer.from_crs(system, GEOGRAPHIC, always_xy=True)

    def project(shape: shapely.Geometry) -> shapely.Geometry:
        return shapely.transform(
            shape, lambda points: np.column_stack(change.transform(*points.T))
        )

    return project


def area_of(file: Path, properties: dict, shape: shapely.Geometry, name: str) -> Area:
    """A feature as an area, after its name and geometry are checked."""
    if not properties or properties.get(name) in (None, ""):
        raise InputError(
            file,
            variable=name,
            expected="a name of each feature (property of change.region_name)",
            found=f"only {', '.join(map(str, properties or ['no property']))}",
        )
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise InputError(
            file,
            variable=str(properties[name]),
            expected="a polygon",
            found=shape.geom_type,
        )
    return Area(str(properties[name]), "", shapely.geometry.mapping(shape))


def draw(
    areas: Sequence[Area], latitudes: np.ndarray, longitudes: np.ndarray
) -> np.ndarray:
    """Position in the areas of the one that holds a cell's centre, uint16 (y, x).

    The length of `areas` where none does. Where areas overlap, the first counts.

    Parameters
    ----------
    areas : in order
    latitudes, longitudes : centres of the grid's cells, evenly spaced, degrees
    """
    side = float(longitudes[1] - longitudes[0])
    west, north = float(longitudes[0]) - side / 2, float(latitudes[0]) + side / 2
    shapes = [(area.shape, number) for number, area in enumerate(areas)]
    return rasterize(
        shapes[::-1],
        out_shape=(len(latitudes), len(longitudes)),
        fill=len(areas),
        transform=Affine(side, 0, west, 0, -side, north),
        dtype="uint16",
    )
