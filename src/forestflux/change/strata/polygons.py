"""Polygons: named areas from a file, rasterised onto the grid by the centres of its cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyogrio
import shapely
from pyproj import CRS, Transformer
from rasterio import Affine
from rasterio.features import rasterize

from forestflux.core.errors import InputError
from forestflux.core.plain_text import is_printable

GEOGRAPHIC = CRS.from_epsg(4326)
SUFFIXES = (".geojson", ".json", ".gpkg")
# What pyogrio raises for files without readable features.
READ_ERRORS = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FeatureError,
    pyogrio.errors.GeometryError,
    shapely.errors.ShapelyError,
)


@dataclass(frozen=True)
class NamedArea:
    """A named area.

    Attributes
    ----------
    name : as it stands in the tables
    code : short name, empty where there is none
    shape : polygon or multipolygon, degrees east and north
    """

    name: str
    code: str
    shape: shapely.Geometry


def read_areas(file: Path, *, name: str) -> list[NamedArea]:
    """Areas of a GeoJSON or GeoPackage file, in longitude and latitude.

    Other reference systems are transformed. Features of one name are one area.

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
    if file.suffix.lower() not in SUFFIXES:
        raise InputError(
            file,
            variable="file",
            expected="a GeoJSON (.geojson, .json) or GeoPackage (.gpkg) file",
            found=file.suffix or "no suffix",
        )
    try:
        properties, shapes = read_features(file)
    except READ_ERRORS as error:
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
    return [
        make_area(file, shape, name=name, label=label)
        for label, shape in zip(properties[name], shapes, strict=True)
    ]


def read_features(path: Path | str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Properties by name, each (feature,), and shapes (feature,) of the first layer.

    Shapes are in longitude and latitude. The third dimension is left out.
    """
    # Shapefiles do not always name their encoding; the other formats are always UTF-8.
    facts, _, shapes, values = pyogrio.raw.read(
        path, layer=0, force_2d=True, encoding="UTF-8"
    )
    shapes = shapely.from_wkb(shapes)
    system = CRS.from_user_input(facts["crs"] or GEOGRAPHIC)
    if system != GEOGRAPHIC:
        change = Transformer.from_crs(system, GEOGRAPHIC, always_xy=True)
        shapes = shapely.transform(
            shapes, lambda points: np.column_stack(change.transform(*points.T))
        )
    return dict(zip(facts["fields"], values, strict=True)), shapes


def make_area(
    file: Path, shape: shapely.Geometry | None, *, name: str, label: object
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
    kind = "nothing" if shape is None else shape.geom_type
    if kind not in ("Polygon", "MultiPolygon"):
        raise InputError(file, variable=str(label), expected="a polygon", found=kind)
    return NamedArea(str(label), "", shape)


def rasterise_areas(
    areas: Sequence[NamedArea], latitudes: np.ndarray, longitudes: np.ndarray
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
        shapes[::-1],  # The last one drawn wins.
        out_shape=(len(latitudes), len(longitudes)),
        fill=len(areas),
        transform=Affine(side, 0, west, 0, -side, north),
        dtype="uint16",
    )
