"""Google Earth Engine as a source of satellite layers."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import xarray as xr

from forestflux.core.grids.places import Place, TilePlace, TowerPlace
from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.products import Product
from forestflux.jobs.settings.source_settings import EarthEngineSettings, SourceSettings
from forestflux.sources.earthengine import expressions
from forestflux.sources.earthengine.client.downloads import Downloads
from forestflux.sources.earthengine.client.request_parts import read_bands
from forestflux.sources.earthengine.coverage import check_coverage, missing_days
from forestflux.sources.earthengine.layer_groups import (
    Group,
    groups_of,
    images_of,
    runs_of_years,
)
from forestflux.sources.earthengine.pixel_arrays import (
    Canvas,
    arrays_of,
    canvas_of,
    cell_bands,
    paste_window,
    two_images_error,
)
from forestflux.sources.earthengine.pixel_windows import PixelWindow, split_place
from forestflux.sources.earthengine.request import Layers, Request

Answer = TypeVar("Answer")

log = logging.getLogger(__name__)


def open_source(
    settings: SourceSettings,
    *,
    years: Sequence[int],
    runtime: EarthEngineSettings,
    subsets: Path | None = None,
) -> "EarthEngineSource":
    """Earth Engine; nothing is sent before a layer is asked for that the cache lacks."""
    return EarthEngineSource(years, runtime, forest_only=settings.forest_only)


class EarthEngineSource:
    """Native values and quality bands from Earth Engine, by way of the cache.

    Parameters
    ----------
    years : all years of the job; a tower's request holds several
    runtime : how the service is reached, and where answers are kept
    forest_only : whether tiles are asked only where the land cover has forest
    """

    def __init__(
        self, years: Sequence[int], runtime: EarthEngineSettings, *, forest_only: bool
    ) -> None:
        """Start the client, offline."""
        self.years = sorted(years)
        self.forest_only = forest_only
        self.downloads = Downloads(runtime)
        self.looked_at: tuple[str, int] | None = None
        self.days = lru_cache(maxsize=1024)(self.read_days)
        self.images_in = lru_cache(maxsize=1024)(self.images_of_year)

    def column(self, place: Place, variable: str) -> str:
        """Column of the product table: that of the place."""
        return place.column

    def prepare(
        self, products: Mapping[str, Product], work: Sequence[tuple[Place, int]]
    ) -> None:
        """Bring everything that some places and years need into the cache.

        Raises
        ------
        InputError : a product does not cover a place or year, or the server refuses
        """
        groups = groups_of(products)
        check_coverage(groups, work)
        self.downloads.fetch_days(
            (layers.collection, year)
            for group in groups
            for layers in group.layers
            for place, wanted in work
            for year in self.years_with(place, wanted)
        )
        covers = [group for group in groups if group.product.is_class_cover]
        others = [group for group in groups if not group.product.is_class_cover]
        for some in (covers, others):  # land cover first: it says where forest is
            self.downloads.fetch(
                request
                for place, year in work
                for group in some
                for layers in group.layers
                for _, request in self.requests(layers, group, covers, place, year)
            )

    def fetch(
        self, products: Mapping[str, Product], place: Place, year: int
    ) -> xr.Dataset:
        """Native values of one place and year (see docs/reference/stores.md, extract).

        Raises
        ------
        InputError : as `prepare`
        """
        self.prepare(products, [(place, year)])
        groups = groups_of(products)
        covers = [group for group in groups if group.product.is_class_cover]
        native = {}
        for group in groups:
            self.report_missing(group, year)
            canvas = self.canvas(group, covers, place, year)
            if group.product.is_class_cover:
                native["forest_percent"] = percent_of(canvas, place, year)
            else:
                native |= arrays_of(group, products, canvas, f"{place.name} {year}")
        return xr.Dataset(native, coords=coordinates(place, products))

    def canvas(
        self, group: Group, covers: Sequence[Group], place: Place, year: int
    ) -> Canvas:
        """The pixels of a group of variables in a year, from the cache."""
        runs = {layers: self.images(layers, place, year) for layers in group.layers}
        wanted = {layers: of_year(run, year) for layers, run in runs.items()}
        canvas = canvas_of(group, place.shape, sum(map(len, wanted.values())))
        stop = 0
        for layers, images in wanted.items():
            start, stop = stop, stop + len(images)
            canvas.days[start:stop] = [first for first, _ in images]
            first = runs[layers].index(images[0]) if images else 0
            for part, request in self.requests(layers, group, covers, place, year):
                arrays = self.read(request)
                chosen = [array[first : first + len(images)] for array in arrays]
                if group.product.weighs_pixels:
                    name = f"{place.name} {year}"
                    chosen = cell_bands(group.product, chosen, part, name)
                paste_window(canvas, part, slice(start, stop), chosen)
        return canvas

    def read(self, request: Request) -> list[np.ndarray]:
        """Bands (image, row, column) of a request; what is damaged is asked for anew."""
        arrays = read_bands(request, self.downloads.cache)
        if arrays is None:
            self.downloads.fetch([request])
            arrays = just_fetched(read_bands(request, self.downloads.cache))
        return arrays

    def requests(
        self,
        layers: Layers,
        group: Group,
        covers: Sequence[Group],
        place: Place,
        year: int,
    ) -> Iterator[tuple[PixelWindow, Request]]:
        """Each part of a place with the request that brings its pixels of a year.

        Parameters
        ----------
        layers : of the group
        covers : land cover, where the table has it; it is read from the cache
        """
        images = self.images(layers, place, year)
        if not images:
            return
        parts = split_place(group.product, place)
        inside = cells_inside(place)
        if inside is not None:
            parts = [part for part in parts if inside[part.cells].any()]
        if self.forest_only and covers and not group.product.is_class_cover:
            if (place.name, year) != self.looked_at:
                found = self.forest(covers[0], place, year)
                self.cells = found if inside is None else found & inside
                self.looked_at = (place.name, year)
            forest = self.cells
            parts = [part for part in parts if forest[part.cells].any()]
        for part in parts:
            yield part, Request(layers, images, part.window)

    def forest(self, cover: Group, place: Place, year: int) -> np.ndarray:
        """Cells of a tile (y, x) with any forest, by the cached land cover of the year."""
        canvas = self.canvas(cover, (), place, year)
        percent = percent_of(canvas, place, year)[1]
        return ((percent > 0) & (percent != cover.product.extract.absent)).any(axis=0)

    def images(self, layers: Layers, place: Place, year: int) -> tuple:
        """Images of the request that holds a year: first day and day after the last, ISO."""
        images = {
            each: self.images_in(layers, each) for each in self.years_with(place, year)
        }
        several = isinstance(place, TowerPlace)
        for run in runs_of_years(layers, images, several=several):
            if of_year(run, year):
                return run
        return ()

    def images_of_year(self, layers: Layers, year: int) -> tuple:
        """Images of a year, the same for all places."""
        days = self.days(layers.collection, year)
        if layers.summed and len(np.unique(days)) < len(days):
            raise two_images_error(f"Earth Engine {year}", layers.collection)
        return tuple(images_of(layers, days, year))

    def years_with(self, place: Place, year: int) -> list[int]:
        """Years that may share a request with a year: at towers all of the job."""
        shared = isinstance(place, TowerPlace) and year in self.years
        return self.years if shared else [year]

    def read_days(self, collection: str, year: int) -> np.ndarray:
        """First days of a collection's images in a year (image,), datetime64[D], as cached."""
        cache, key = self.downloads.cache, expressions.key_of_days(collection, year)
        answer = cache.read(key)
        if answer is None:
            self.downloads.fetch_days([(collection, year)])
            answer = just_fetched(cache.read(key))
        times = np.array(json.loads(answer), "int64").astype("datetime64[ms]")
        return times.astype("datetime64[D]")

    def report_missing(self, group: Group, year: int) -> None:
        """List in the log the images that the archive lacks; their steps stay gaps."""
        for layers in group.layers:
            days = np.sort(self.days(layers.collection, year))
            lacking = missing_days(days, year)
            if not len(days):
                log.info("%s %d: no image", layers.collection, year)
            elif lacking:
                listed = ", ".join(lacking)
                log.info("%s %d: no image of %s", layers.collection, year, listed)


def cells_inside(place: Place) -> np.ndarray | None:
    """Cells (y, x) of a tile with a part in the run's region; None where all may be asked for."""
    share = place.share if isinstance(place, TilePlace) else None
    return None if share is None else share > 0


def just_fetched(answer: Answer | None) -> Answer:
    """What a download has just brought into the cache.

    Raises
    ------
    LookupError : it was removed or damaged in the meantime
    """
    if answer is None:
        raise LookupError("an answer was lost from the cache right after its download")
    return answer


def of_year(images: tuple, year: int) -> tuple:
    """The images that begin in a year."""
    return tuple(image for image in images if image[0].startswith(f"{year}-"))


def percent_of(canvas: Canvas, place: Place, year: int) -> tuple:
    """Percent of each cell per forest class (igbp, y, x), uint8, from the land cover's bands."""
    if len(canvas.days) != 1:
        raise InputError(
            f"{place.name} {year}",
            variable="landcover",
            expected="one image of the year",
            found=str(len(canvas.days)),
        )
    bands = np.stack([band[0] for band in canvas.bands.values()])
    attributes = {"units": "percent", "long_name": "percent of the cell per IGBP class"}
    return ("igbp", "y", "x"), bands, attributes


def coordinates(place: Place, products: Mapping[str, Product]) -> dict:
    """Coordinates of a place."""
    if isinstance(place, TilePlace):
        cover = [p.extract.classes for p in products.values() if p.is_class_cover]
        return {
            "igbp": np.array(cover[0] if cover else [], int),
            "y": ("y", place.tile.latitudes(), {"units": "degrees_north"}),
            "x": ("x", place.tile.longitudes(), {"units": "degrees_east"}),
        }
    return {
        "site": ("y", place.sites["site"].to_numpy(str)),
        "lat": ("y", place.latitudes, {"units": "degrees_north"}),
        "lon": ("y", place.longitudes, {"units": "degrees_east"}),
    }
