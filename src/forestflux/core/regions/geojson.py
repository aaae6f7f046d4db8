"""GeoJSON read strictly: GDAL leaves out features that it does not understand, without a word."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from forestflux.core.input_errors import InputError

EXPECTED_SYSTEM = "a reference system that leads to longitude and latitude"


def read_geojson(
    path: Path,
) -> tuple[dict[str, np.ndarray], np.ndarray, CRS | None]:
    """Properties by name, each (feature,), shapes (feature,), reference system of a file.

    The third dimension is left out. A property that a feature lacks is None. A shape is None
    where the feature has none or one that cannot be read.

    Raises
    ------
    ValueError : no JSON, or JSON of another form
    InputError : a member `crs`, as files before 2016 have it, that names no known system
    """
    content = json.loads(path.read_text("utf-8-sig"))
    if not isinstance(content, dict):
        raise ValueError("no GeoJSON object")
    features = list_features(content)
    if not isinstance(features, list) or not all(map(is_feature, features)):
        raise ValueError("something else than features in it")
    records = [each.get("properties") or {} for each in features]
    names = dict.fromkeys(name for record in records for name in record)
    properties = {name: to_objects([r.get(name) for r in records]) for name in names}
    shapes = to_objects([read_shape(each.get("geometry")) for each in features])
    return properties, shapes, read_system(content.get("crs"), path)


def list_features(content: dict[str, Any]) -> Any:  # noqa: ANN401 - what JSON holds
    """The features of a document: of a collection, one alone, or a geometry as one.

    Raises
    ------
    ValueError : none of these
    """
    kind = content.get("type")
    if kind == "FeatureCollection":
        return content.get("features")
    if kind == "Feature":
        return [content]
    if "coordinates" in content:
        return [{"type": "Feature", "properties": None, "geometry": content}]
    raise ValueError("no features and no geometry")


def is_feature(content: object) -> bool:
    """Whether this is a feature, with properties or without."""
    return (
        isinstance(content, dict)
        and content.get("type") == "Feature"
        and isinstance(content.get("properties"), dict | None)
    )


def to_objects(values: list) -> np.ndarray:
    """The values as an array of objects, one each."""
    result = np.empty(len(values), object)
    result[:] = values
    return result


def read_shape(geometry: Any) -> shapely.Geometry | None:  # noqa: ANN401 - what JSON holds
    """The geometry of a feature, None where it cannot be read."""
    try:
        with np.errstate(invalid="ignore"):  # NaN is looked at later
            return shapely.force_2d(shapely.geometry.shape(geometry))
    except Exception:
        return None  # shapely lets through whatever lists of other forms end in


def read_system(member: Any, path: Path) -> CRS | None:  # noqa: ANN401 - what JSON holds
    """The reference system of a member `crs`, None where there is none.

    Raises
    ------
    InputError : no known system
    """
    if member is None:
        return None
    properties = member.get("properties") if isinstance(member, dict) else None
    named = properties if isinstance(properties, dict) else {}
    try:
        return CRS.from_user_input(str(named.get("name", f"EPSG:{named.get('code')}")))
    except CRSError as error:
        found = json.dumps(member)[:100]
        raise InputError(
            path, variable="crs", expected=EXPECTED_SYSTEM, found=found
        ) from error
