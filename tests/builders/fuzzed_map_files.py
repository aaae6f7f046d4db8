"""Readers of maps: MODIS subsets, answers of Earth Engine, regions of a user."""

import csv
import io
import json
import re
from datetime import datetime
from pathlib import Path

import numpy as np
import shapely

from forestflux.core.names import FOREST_TYPES
from forestflux.core.regions.region_file import read_regions
from forestflux.sources.earthengine.client.npy_answers import read_pixels
from forestflux.sources.modis_subsets.ornl import read_csv_bands, read_json_bands
from forestflux.sources.modis_subsets.subset_band import SubsetBand
from tests.builders.fuzzed_reader import FuzzedReader
from tests.builders.subsets import eight_days, place_word, write_csv, write_json

TURNS = (-720, -360, 0, 360, 720)


def subset_images() -> tuple[np.ndarray, np.ndarray]:
    """Days and stored integers of some images of 3 x 3 pixels."""
    days = eight_days(2003)[:6]
    return days, np.arange(54).reshape(6, 3, 3) + 14_000


def list_images(bands: list[SubsetBand]) -> list:
    """Product, layer, day and pixels of every image, in order."""
    return sorted(
        (band.product, band.layer, str(day), image.ravel().tolist())
        for band in bands
        for day, image in zip(band.days, band.values, strict=True)
    )


def read_day(word: str) -> str:
    """The day of a word such as A2003009."""
    return str(datetime.strptime(word, "A%Y%j").date())


def make_subset_json(folder: Path) -> FuzzedReader:
    """A JSON file of the ORNL subset service."""
    days, values = subset_images()
    layer = "LST_Day_1km"
    path = folder / "a.json"
    write_json(path, "MOD11A2", layer, days, values, lat=48.5, lon=7.25, site="DE-One")

    def expect(content: bytes) -> list:
        data = json.loads(content.decode("utf-8-sig"))
        address = data["header"].partition("/api/v1/")[2]
        product = data.get("product") or re.split(r"[/?]", address)[0]
        return sorted(
            (
                product,
                image.get("band", data.get("band", "")),
                read_day(image["modis_date"]),
                [int(float(pixel)) for pixel in image["data"]],
            )
            for image in data["subset"]
        )

    def read(path: Path) -> list:
        return list_images(read_json_bands(path))

    return FuzzedReader(path, path.read_bytes(), read, expect)


def make_subset_csv(folder: Path) -> FuzzedReader:
    """A CSV file of the ORNL subset service."""
    days, values = subset_images()
    path = folder / "a.csv"
    word = place_word(48.5, 7.25, 3)
    write_csv(path, "MOD11A2", "LST_Day_1km", days, values, place=word)

    def expect(content: bytes) -> list:
        text = io.StringIO(content.decode("utf-8-sig"), newline="")
        images = []
        for row in filter(None, csv.reader(text)):
            layer = row[0].split(".", 5)[5].strip()
            pixels = [int(float(pixel)) for pixel in row[5:]]
            images.append((row[1].strip(), layer, read_day(row[2].strip()), pixels))
        return sorted(images)

    def read(path: Path) -> list:
        return list_images(read_csv_bands(path))

    return FuzzedReader(path, path.read_bytes(), read, expect)


def make_npy(folder: Path) -> FuzzedReader:
    """An answer of Earth Engine: pixels with two bands."""
    pixels = np.zeros((5, 7), [("NDVI", "<i2"), ("DetailedQA", "<u2")])
    pixels["NDVI"] = np.arange(35).reshape(5, 7)
    out = io.BytesIO()
    np.save(out, pixels)

    def list_pixels(pixels: np.ndarray) -> tuple:
        return pixels.dtype.descr, pixels.shape, pixels.tobytes()

    def expect(content: bytes) -> tuple:
        return list_pixels(np.load(io.BytesIO(content), max_header_size=2**20))

    def read(path: Path) -> tuple:
        return list_pixels(read_pixels(path.read_bytes()))

    return FuzzedReader(folder / "answer.npy", out.getvalue(), read, expect)


def make_regions(folder: Path) -> FuzzedReader:
    """Three regions: a box, one with a hole, one of two islands."""
    box = shapely.box(10, 40, 25, 55)
    hole = box.difference(shapely.box(12, 42, 20, 50))
    islands = shapely.union(shapely.box(170, -10, 175, -5), shapely.box(1, 2, 3, 4))
    features = [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": shapely.geometry.mapping(shape),
        }
        for name, shape in zip(FOREST_TYPES, (box, hole, islands), strict=False)
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})

    def read(path: Path) -> list:
        return [(area.name, area.shape) for area in read_regions(path, name="name")]

    def expect(content: bytes) -> list:
        data = json.loads(content.decode("utf-8-sig"))
        return [
            (
                str(each["properties"]["name"]),
                wrap_plainly(read_plainly(each["geometry"])),
            )
            for each in data["features"]
        ]

    return FuzzedReader(
        folder / "regions.geojson", text.encode(), read, expect, same_regions
    )


def read_plainly(geometry: dict) -> shapely.Geometry:
    """A polygon or several, from rings of positions."""
    parts = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        parts = [parts]
    return shapely.MultiPolygon(
        [
            shapely.Polygon(
                [position[:2] for position in shell],
                [[position[:2] for position in hole] for hole in holes],
            )
            for shell, *holes in parts
        ]
    )


def wrap_plainly(shape: shapely.Geometry) -> shapely.Geometry:
    """A polygon of any longitudes within the world, the slow way."""
    moved = [
        shapely.transform(shape, lambda points, turn=turn: points + np.array([turn, 0]))
        for turn in TURNS
    ]
    whole = shapely.union_all([shapely.make_valid(each) for each in moved])
    return shapely.intersection(whole, shapely.box(-180, -90, 180, 90))


def same_regions(found: list, expected: list) -> bool:
    """Whether regions have the same names and cover the same ground."""
    return len(found) == len(expected) and all(
        name == other and shapely.symmetric_difference(shape, wanted).area < 1e-6
        for (name, shape), (other, wanted) in zip(found, expected, strict=True)
    )
