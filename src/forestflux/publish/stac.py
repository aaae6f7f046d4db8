"""STAC item of a year and collection of a run, core fields of version 1.1 only."""

from collections.abc import Iterable

from forestflux.core.layers import LAYERS
from forestflux.publish.geotiff import BANDS, NODATA

VERSION = "1.1.0"
BBOX = [-180.0, -90.0, 180.0, 90.0]
COG = "image/tiff; application=geotiff; profile=cloud-optimized"
TITLES = {"fluxes": "fluxes, intervals and fractions", "flags": "forest type and flags"}


def stem_of(run: str, year: int) -> str:
    """Name that the files of a year begin with."""
    return f"forestflux_{run}_{year}"


def item(run: str, year: int, *, title: str, level: float) -> dict:
    """The STAC item of a year, as it stands in `products/{year}/item.json`.

    Parameters
    ----------
    run, year : of the product
    title : of its dataset
    level : nominal coverage of the intervals
    """
    stem = stem_of(run, year)
    west, south, east, north = BBOX
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    assets = {
        "zarr": asset(f"{stem}.zarr", "application/vnd.zarr; version=3", "all layers"),
        "netcdf": asset(f"{stem}.nc", "application/netcdf", "all layers"),
    }
    for name in ("zarr", "netcdf"):
        assets[name]["bands"] = [band(layer, level=level) for layer in LAYERS]
    for kind, layers in BANDS.items():
        found = asset(f"{stem}_{kind}.tif", COG, TITLES[kind])
        nodata = "nan" if NODATA[kind] != NODATA[kind] else NODATA[kind]
        found["bands"] = [
            band(layer, level=level) | {"nodata": nodata} for layer in layers
        ]
        assets[kind] = found
    for name, file in (
        ("provenance", "provenance.json"),
        ("checksums", "checksums.sha256"),
    ):
        kind = "application/json" if file.endswith("json") else "text/plain"
        assets[name] = asset(file, kind, name, role="metadata")
    return {
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": [],
        "id": stem,
        "collection": f"forestflux_{run}",
        "bbox": BBOX,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {
            "title": title,
            "datetime": None,
            "start_datetime": f"{year}-01-01T00:00:00Z",
            "end_datetime": f"{year}-12-31T23:59:59Z",
        },
        "links": [
            link("collection", "../collection.json", "application/json"),
            link("parent", "../collection.json", "application/json"),
            link("root", "../collection.json", "application/json"),
            link("describedby", "../data_dictionary.md", "text/markdown"),
            link("about", "../model_card.md", "text/markdown"),
        ],
        "assets": assets,
    }


def collection(run: str, years: Iterable[int], *, title: str, license: str) -> dict:
    """The STAC collection of a run, as it stands in `products/collection.json`."""
    years = sorted(years)
    interval = [f"{years[0]}-01-01T00:00:00Z", f"{years[-1]}-12-31T23:59:59Z"]
    return {
        "type": "Collection",
        "stac_version": VERSION,
        "stac_extensions": [],
        "id": f"forestflux_{run}",
        "title": title,
        "description": "One item a year. NEE is negative where the forest takes up carbon.",
        "license": license,
        "extent": {"spatial": {"bbox": [BBOX]}, "temporal": {"interval": [interval]}},
        "links": [
            link("root", "./collection.json", "application/json"),
            *(link("item", f"./{y}/item.json", "application/geo+json") for y in years),
            link("describedby", "./data_dictionary.md", "text/markdown"),
            link("about", "./model_card.md", "text/markdown"),
        ],
    }


def asset(file: str, kind: str, title: str, *, role: str = "data") -> dict:
    """A file beside the item."""
    return {"href": f"./{file}", "type": kind, "title": title, "roles": [role]}


def band(name: str, *, level: float) -> dict:
    """A layer as a band, in the words of the table."""
    attrs = LAYERS[name].attributes(level=level)
    words = [attrs["long_name"], attrs.get("comment", "")]
    found = {
        "name": name,
        "description": ". ".join(word for word in words if word),
        "data_type": LAYERS[name].dtype,
    }
    return found | ({"unit": attrs["units"]} if "units" in attrs else {})


def link(relation: str, href: str, kind: str) -> dict:
    """A link to a file of the products."""
    return {"rel": relation, "href": href, "type": kind}
