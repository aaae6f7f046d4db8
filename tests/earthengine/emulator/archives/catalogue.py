"""The catalogue: which images each collection has, and what a planet stores in them."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Protocol

import numpy as np

from forestflux.core.calendars.eight_day import step_starts
from forestflux.sources.simulated.sensors import AQUA_START, TERRA_SILENT
from tests.earthengine.emulator.errors import Refused
from tests.earthengine.emulator.evaluation.calls_values import EPOCH
from tests.earthengine.emulator.evaluation.grids import PixelGrid
from tests.earthengine.emulator.evaluation.images import (
    Band,
    Image,
    ImageCollection,
    Pixels,
)

LAST_YEAR = 2024


@dataclass(frozen=True)
class Schedule:
    """When a collection has images.

    Attributes
    ----------
    first : first possible day
    cadence : day, step (eight days), terra or aqua (every other step), year
    silent : whether Terra's outages are missing
    stamp : how an image's day is written in its name
    """

    first: str
    cadence: str
    silent: bool = False
    stamp: str = "%Y_%m_%d"

    def days(self, year: int) -> list[date]:
        """First day of each image of a year."""
        starts = step_starts(year)
        if self.cadence == "year":
            days = starts[:1]
        elif self.cadence == "day":
            days = np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="M8[D]")
        else:
            steps = np.arange(len(starts))
            kept = np.ones(len(starts), bool)
            if self.cadence in ("terra", "aqua"):
                kept = steps % 2 == (self.cadence == "aqua")
            if self.silent:
                kept &= ~np.isin(steps, TERRA_SILENT.get(year, ()))
            days = starts[kept]
        return days[days >= np.datetime64(self.first)].astype(object).tolist()

    def end(self, day: date) -> date:
        """Day after the last of the image that begins on a day."""
        if self.cadence == "year":
            return date(day.year + 1, 1, 1)
        length = {"day": 1, "step": 8}.get(self.cadence, 16)
        return day + timedelta(days=length)


TERRA_16 = Schedule("2000-02-18", "terra", silent=True)
AQUA_16 = Schedule(str(AQUA_START), "aqua")

# First days as in the catalogue of Earth Engine, but for ERA5-Land, which is cut.
SCHEDULES = {
    "MODIS/061/MOD13A1": TERRA_16,
    "MODIS/061/MYD13A1": AQUA_16,
    "MODIS/061/MOD13C1": TERRA_16,
    "MODIS/061/MYD13C1": AQUA_16,
    "MODIS/061/MOD11A2": Schedule("2000-02-18", "step", silent=True),
    "MODIS/061/MOD16A2GF": Schedule("2000-01-01", "step"),
    "MODIS/061/MOD16A2": Schedule("2021-01-01", "step"),
    "MODIS/061/MCD12C1": Schedule("2001-01-01", "year"),
    "MODIS/061/MCD12Q1": Schedule("2001-01-01", "year"),
    "ECMWF/ERA5_LAND/DAILY_AGGR": Schedule("2000-01-01", "day", stamp="%Y%m%d"),
    "UCSB-CHG/CHIRPS/DAILY": Schedule("2000-01-01", "day", stamp="%Y%m%d"),
    "UCSB-CHC/CHIRPS/V3/DAILY_RNL": Schedule("2000-01-01", "day", stamp="%Y%m%d"),
}


class Planet(Protocol):
    """What lies behind the catalogue."""

    def bands(self, collection: str, day: date) -> tuple:
        """Bands of the image of a collection that begins on a day."""

    def collections(self) -> list[str]:
        """Collections of which the planet has pixels."""


class Catalogue:
    """Collections and images of a planet.

    Parameters
    ----------
    planet : what the images hold
    missing : images that are not there: collection and first day, `2003-01-01`
    bare : images, named in the same way, whose footprint lies elsewhere
    unsorted : collections that list their images in no order, as those of a user may
    """

    def __init__(
        self,
        planet: Planet,
        *,
        missing: set[tuple[str, str]] = frozenset(),
        bare: set[tuple[str, str]] = frozenset(),
        unsorted: set[str] = frozenset(),
    ):
        """Nothing is computed yet."""
        self.planet, self.missing = planet, frozenset(missing)
        self.bare, self.unsorted = frozenset(bare), frozenset(unsorted)
        self.load = lru_cache(maxsize=None)(self.build)

    def collection(self, id: str) -> ImageCollection:
        """All images of a collection.

        Raises
        ------
        Refused : there is no such collection
        """
        if id not in SCHEDULES or id not in self.planet.collections():
            raise Refused(
                f"ImageCollection.load: ImageCollection asset '{id}' not found (does not"
                " exist or caller does not have access)."
            )
        return self.load(id)

    def build(self, id: str) -> ImageCollection:
        """All images of a collection that is there."""
        schedule = SCHEDULES[id]
        images = [
            self.image_of(id, day, schedule)
            for year in range(int(schedule.first[:4]), LAST_YEAR + 1)
            for day in schedule.days(year)
            if (id, day.isoformat()) not in self.missing
        ]
        if id in self.unsorted:
            random.Random(0).shuffle(images)
            return ImageCollection(tuple(images), id)
        times = tuple(image.properties["system:time_start"] for image in images)
        return ImageCollection(tuple(images), id, times)

    def image_of(self, id: str, day: date, schedule: Schedule) -> Image:
        """An image with its properties."""
        index = day.strftime(schedule.stamp)
        properties = {
            "system:index": index,
            "system:time_start": millis(day),
            "system:time_end": millis(schedule.end(day)),
        }
        bands = self.planet.bands(id, day)
        if (id, day.isoformat()) in self.bare:
            bands = tuple(without_footprint(band) for band in bands)
        return Image(bands, properties, f"{id}/{index}")

    def image(self, id: str) -> Image:
        """One image by its name.

        Raises
        ------
        Refused : there is none
        """
        collection = id.rpartition("/")[0]
        if collection in SCHEDULES and collection in self.planet.collections():
            for image in self.load(collection).images:
                if image.id == id:
                    return image
        raise Refused(
            f"Image.load: Image asset '{id}' not found (does not exist or caller does"
            " not have access)."
        )

    def asset(self, id: str) -> Mapping:
        """Description of a collection or an image.

        Raises
        ------
        Refused : there is none
        """
        name = f"projects/earthengine-public/assets/{id}"
        if id in SCHEDULES and id in self.planet.collections():
            return {"type": "IMAGE_COLLECTION", "name": name, "id": id}
        try:
            image = self.image(id)
        except Refused as error:
            message = f"Asset '{id}' does not exist or doesn't allow this operation."
            raise Refused(message, 404) from error
        return described(image)


def without_footprint(band: Band) -> Band:
    """A band of an image that lies wholly elsewhere: masked, and outside of its footprint."""

    def compute(grid: PixelGrid) -> Pixels:
        values, mask = band.compute(grid)
        return values, np.zeros_like(mask)

    return replace(
        band, compute=compute, footprint=lambda grid: np.zeros(grid.shape, bool)
    )


def millis(day: date) -> int:
    """The beginning of a day, milliseconds since 1970."""
    return (day - EPOCH.date()).days * 86_400_000


def described(image: Image) -> dict:
    """An image as the lists of assets describe it."""
    return {
        "type": "IMAGE",
        "name": f"projects/earthengine-public/assets/{image.id}",
        "id": image.id,
        "properties": {
            name: value
            for name, value in image.properties.items()
            if not name.startswith("system:time")
        },
        "startTime": stamp(image.properties["system:time_start"]),
        "endTime": stamp(image.properties["system:time_end"]),
        "bands": [{"id": band.name} for band in image.bands],
    }


def stamp(moment: int) -> str:
    """A moment as the lists of assets write it."""
    day = EPOCH + timedelta(milliseconds=moment)
    return day.strftime("%Y-%m-%dT%H:%M:%SZ")
