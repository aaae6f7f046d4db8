"""STAC item of a year and collection of a run: core fields only, validated before writing."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pystac

from forestflux.core.grids.grid import Grid
from forestflux.core.input_errors import InputError
from forestflux.core.layers import Layer, list_layers
from forestflux.jobs.small_files import write_json
from forestflux.publish.geotiff import (
    BANDS,
    NUMBERS,
    band_type,
    list_bands,
    missing_number,
)

COG = "image/tiff; application=geotiff; profile=cloud-optimized"
ZARR = "application/vnd.zarr; version={}"
DESCRIPTION = "One item a year. NEE is negative where the forest takes up carbon."
OF_MONTHS = "The months of a year, which add up to it, are an item of their own."
NUMBERS_TITLE = "fluxes, intervals, fractions and cell area"


def file_stem(run: str, year: int) -> str:
    """Start of the names of a year's files."""
    return f"forestflux_{run}_{year}"


def build_item(
    run: str, year: int, grid: Grid, *, title: str, level: float, zarr_format: int
) -> pystac.Item:
    """The STAC item of a year, as it stands in `products/{year}/item.json`.

    Parameters
    ----------
    run, year : of the product
    grid : of its maps
    title : of its dataset
    level : nominal coverage of the intervals, 0-1
    zarr_format : version of the Zarr store, 2 or 3
    """
    stem = file_stem(run, year)
    assets = list_assets(
        stem, level=level, zarr_format=zarr_format, region=grid.is_region
    )
    return make_item(stem, run, year, grid, title=title, assets=assets, above="..")


def make_item(
    name: str,
    run: str,
    year: int,
    grid: Grid,
    *,
    title: str,
    assets: Iterable[tuple[str, pystac.Asset]],
    above: str,
) -> pystac.Item:
    """An item of a year of a run.

    Parameters
    ----------
    name : of the item
    title, assets : of its dataset, and key and asset of each of its files
    above : folder of the collection, seen from that of the item
    """
    start, end = year_ends(year)
    item = pystac.Item(
        id=name,
        geometry=outline_grid(grid),
        bbox=bound_grid(grid),
        datetime=None,
        start_datetime=start,
        end_datetime=end,
        properties={"title": title},
        collection=f"forestflux_{run}",
        assets=dict(assets),
    )
    item.add_links(
        [
            pystac.Link(relation, f"{above}/collection.json", "application/json")
            for relation in ("collection", "parent", "root")
        ]
    )
    item.add_links(list_documents(above))
    return item


def build_collection(
    run: str,
    years: Iterable[int],
    grid: Grid,
    *,
    title: str,
    license: str,
    months: bool = False,
    to_choose: Iterable[str] = (),
) -> pystac.Collection:
    """The STAC collection of a run, as it stands in `products/collection.json`.

    Parameters
    ----------
    run, years, grid : of the products
    title, license : of all of them
    months : whether each year has an item of its months too
    to_choose : what the publisher has not chosen yet, a sentence each
    """
    years = sorted(years)
    interval = [year_ends(years[0])[0], year_ends(years[-1])[1]]
    collection = pystac.Collection(
        id=f"forestflux_{run}",
        title=title,
        description=" ".join(
            (DESCRIPTION, *([OF_MONTHS] if months else []), *to_choose)
        ),
        license=license,
        extent=pystac.Extent(
            pystac.SpatialExtent([bound_grid(grid)]), pystac.TemporalExtent([interval])
        ),
    )
    # A link to the collection as an object has no address yet.
    collection.clear_links()
    collection.add_link(pystac.Link("root", "./collection.json", "application/json"))
    folders = [f"./{year}" for year in years]
    folders += [f"./months/{year}" for year in years] if months else []
    for folder in folders:
        target = f"{folder}/item.json"
        collection.add_link(pystac.Link("item", target, "application/geo+json"))
    collection.add_links(list_documents("."))
    return collection


def bound_grid(grid: Grid) -> list[float]:
    """West, south, east and north; across 180 degrees the east is less, as GeoJSON has it."""
    west, south, east, north = grid.bounds
    return [west, south, east - 360 if east > 180 else east, north]


def outline_grid(grid: Grid) -> dict[str, object]:
    """The window of a grid as a geometry of GeoJSON, cut at 180 degrees."""
    west, south, east, north = grid.bounds
    spans = [(west, min(east, 180.0)), (-180.0, east - 360)]
    rings = [
        [[left, south], [right, south], [right, north], [left, north], [left, south]]
        for left, right in spans[: 2 if east > 180 else 1]
    ]
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings}
    return {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}


def write_stac(document: pystac.Item | pystac.Collection, path: Path) -> None:
    """Write an item or a collection after checking it against the schema of STAC.

    The schemas come with pystac: no connection is opened.

    Raises
    ------
    InputError : the schema refuses it, for instance a licence that is no SPDX name
    """
    try:
        document.validate()
    except pystac.STACValidationError as error:
        raise InputError(
            path,
            variable=document.id,
            expected=f"STAC {pystac.get_stac_version()}",
            found=" ".join(str(error).split()),
        ) from error
    content = document.to_dict(include_self_link=False, transform_hrefs=False)
    write_json(path, content)


def year_ends(year: int) -> tuple[datetime, datetime]:
    """First and last second of a calendar year."""
    return (
        datetime(year, 1, 1, tzinfo=UTC),
        datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC),
    )


def list_assets(
    stem: str, *, level: float, zarr_format: int, region: bool
) -> Iterator[tuple[str, pystac.Asset]]:
    """Key and asset of each file of a year."""
    layers = list_layers(region=region)
    all_bands = [describe_band(n, layer, level=level) for n, layer in layers.items()]
    zarr = ZARR.format(zarr_format)
    yield "zarr", data_asset(f"{stem}.zarr", zarr, "all layers", all_bands)
    yield (
        "netcdf",
        data_asset(f"{stem}.nc", "application/netcdf", "all layers", all_bands),
    )
    for kind in BANDS:
        stored: dict[str, object] = {"data_type": band_type(kind)}
        missing = missing_number(kind)
        if missing is not None:
            stored["nodata"] = write_missing(missing)
        bands = [
            describe_band(name, layers[name], level=level) | stored
            for name in list_bands(kind, region=region)
        ]
        title = NUMBERS_TITLE if kind == NUMBERS else layers[kind].long_name
        yield kind, data_asset(f"{stem}_{kind}.tif", COG, title, bands)
    yield from list_records()


def write_missing(missing: float) -> float | str:
    """The number of a cell without a value: JSON has no NaN, which STAC writes as text."""
    return missing if missing == missing else "nan"


def list_records() -> Iterator[tuple[str, pystac.Asset]]:
    """Key and asset of what every product has beside its data."""
    for name, file, media_type in (
        ("provenance", "provenance.json", "application/json"),
        ("checksums", "checksums.sha256", "text/plain"),
    ):
        yield name, pystac.Asset(f"./{file}", name, None, media_type, ["metadata"])


def data_asset(
    file: str, media_type: str, title: str, bands: list[dict]
) -> pystac.Asset:
    """A file of layers beside the item."""
    return pystac.Asset(
        f"./{file}",
        title,
        media_type=media_type,
        roles=["data"],
        extra_fields={"bands": bands},
    )


def describe_band(name: str, layer: Layer, *, level: float) -> dict[str, object]:
    """A layer as a band of STAC: name, description, type and unit."""
    return describe_attributes(name, layer.attributes(level=level), dtype=layer.dtype)


def describe_attributes(
    name: str, attrs: Mapping[str, Any], *, dtype: str
) -> dict[str, object]:
    """The same from the attributes of a layer, of which long name, comment and unit count."""
    sentences = [str(attrs[key]) for key in ("long_name", "comment") if key in attrs]
    band = {
        "name": name,
        "description": ". ".join(sentences),
        "data_type": dtype,
    }
    return band | ({"unit": attrs["units"]} if "units" in attrs else {})


def list_documents(folder: str) -> list[pystac.Link]:
    """Links to the pages that all years share."""
    return [
        pystac.Link("describedby", f"{folder}/data_dictionary.md", "text/markdown"),
        pystac.Link("about", f"{folder}/model_card.md", "text/markdown"),
    ]
