"""The plan: requests, bytes and disk of a run by product and year, without sending one."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from tqdm import tqdm

from forestflux.core.calendars.eight_day import STEPS, step_starts, year_length
from forestflux.core.grids.land import is_land
from forestflux.core.grids.places import Place, TilePlace
from forestflux.core.names import LAND_COVER
from forestflux.core.product_tables.products import Product
from forestflux.jobs.settings.source_settings import EarthEngineSettings
from forestflux.sources.earthengine import expressions
from forestflux.sources.earthengine.client.request_parts import is_cached, read_bands
from forestflux.sources.earthengine.coverage import check_coverage
from forestflux.sources.earthengine.earthengine_source import EarthEngineSource
from forestflux.sources.earthengine.layer_groups import Group, groups_of
from forestflux.sources.earthengine.request import Layers, Request, fit

MASK_BYTES = 5  # float32 and a reason code
MIB = 2**20


class Planned(EarthEngineSource):
    """The source as far as it can be foreseen.

    Image times and land cover are the archive's own where they are in the cache. Else
    every regular image is counted, and every window that touches land.

    Parameters
    ----------
    years, runtime, forest_only : as of the source
    products : by variable, with the part `cube`
    """

    def __init__(
        self,
        years: Sequence[int],
        runtime: EarthEngineSettings,
        *,
        forest_only: bool,
        products: Mapping[str, Product],
    ) -> None:
        """Nothing is sent, neither now nor later."""
        super().__init__(years, runtime, forest_only=forest_only)
        self.regular = regular_images(products)

    def read_days(self, collection: str, year: int) -> np.ndarray:
        """First days of a collection's images, as cached, else as they would be."""
        key = expressions.key_of_days(collection, year)
        if self.downloads.cache.read(key) is not None:
            return super().read_days(collection, year)
        first, interval = self.regular[collection]
        return step_starts(year)[0] + np.arange(first, year_length(year), interval)

    def forest(self, cover: Group, place: Place, year: int) -> np.ndarray:
        """Cells (y, x) with forest by the cached land cover, else those on land."""
        try:
            return super().forest(cover, place, year)
        except LookupError:
            if not isinstance(place, TilePlace):
                raise
            latitudes, longitudes = place.tile.latitudes(), place.tile.longitudes()
            rows, columns = place.shape
            land = is_land(np.repeat(latitudes, columns), np.tile(longitudes, rows))
            return land.reshape(rows, columns)

    def read(self, request: Request) -> list[np.ndarray]:
        """Bands of a request from the cache.

        Raises
        ------
        LookupError : it is not there, or damaged
        """
        arrays = read_bands(request, self.downloads.cache)
        if arrays is None:
            raise LookupError
        return arrays


def regular_images(products: Mapping[str, Product]) -> dict[str, tuple[int, int]]:
    """First day of a year and days between images of each collection without gaps."""
    regular = {}
    for product in products.values():
        interval = days_between(product)
        collections = product.extract.collections
        for position, collection in enumerate(collections):
            regular[collection] = (position * interval // len(collections), interval)
    return regular


def days_between(product: Product) -> int:
    """Days between the archive's images of a product; a product of years has one a year."""
    if product.extract.sum_over_step:
        return 1
    if product.cube is None:
        return 366
    return 1 if product.cube.daily else product.cube.step_days


def plan_of(
    source: Planned,
    products: Mapping[str, Product],
    work: Sequence[tuple[Place, int]],
) -> pd.DataFrame:
    """What some places and years would be asked for.

    One row per collection, variables and years: `collection, variables, years, requests,
    cached, mib` (still to be asked, by the counting rule of Earth Engine).
    """
    groups = groups_of(products)
    check_coverage(groups, work)
    covers = [group for group in groups if group.product.is_class_cover]
    rows: dict[tuple[Layers, tuple[str, ...], str], list[float]] = {}
    seen = set()
    for place, year in tqdm(work, desc="plan", disable=None, leave=False):
        for group in groups:
            for layers in group.layers:
                images = source.images(layers, place, year)
                if (layers, images, place.name) in seen:
                    continue  # a tower's request of several years
                seen.add((layers, images, place.name))
                years = years_of(images)
                row = rows.setdefault((layers, group.variables, years), [0, 0, 0.0])
                for request in asked(source, layers, group, covers, place, year):
                    cached = is_cached(request, source.downloads.cache)
                    row[0] += 1
                    row[1] += cached
                    row[2] += 0 if cached else request.bytes / MIB
    names = ["collection", "variables", "years", "requests", "cached", "mib"]
    table = [
        (layers.collection, ", ".join(variables), years, *row)
        for (layers, variables, years), row in rows.items()
    ]
    return pd.DataFrame(table, columns=names)


def asked(
    source: Planned,
    layers: Layers,
    group: Group,
    covers: Sequence[Group],
    place: Place,
    year: int,
) -> Iterator[Request]:
    """Requests of a place and year for one collection, as large as they are sent."""
    for _, request in source.requests(layers, group, covers, place, year):
        yield from fit(request)


def years_of(images: tuple) -> str:
    """The years of some images, `2001-2014` or `2003`; `none` without images."""
    years = sorted({first[:4] for first, _ in images})
    return "-".join(dict.fromkeys((years[0], years[-1]))) if years else "none"


def store_bytes(products: Mapping[str, Product], place: Place) -> int:
    """Bytes of a place's extract, cube and mask stores of a year before compression."""
    cells, total = place.shape, 0
    for variable, product in products.items():
        if variable == LAND_COVER:
            continue
        extract = product.extract
        pixel = np.dtype(extract.dtype).itemsize
        if extract.quality_dtype is not None:
            pixel += np.dtype(extract.quality_dtype).itemsize
        days = 366 if product.cube is not None and product.cube.daily else STEPS
        total += days * pixel * int(np.prod(product.native_shape(cells)))
        window = cells[0] * cells[1] * extract.window**2
        total += STEPS * (pixel * window + MASK_BYTES * cells[0] * cells[1])
    return total


def lines_of(plan: pd.DataFrame, *, title: str, jobs: int, disk: int) -> list[str]:
    """The plan of one kind of place as lines of text.

    Parameters
    ----------
    jobs : extraction jobs
    disk : bytes of the stores before compression
    """
    widths = (44, 22, 10, 9, 9, 11)
    heads = ("collection", "variables", "years", "requests", "cached", "MiB to ask")
    lines = [title, aligned(heads, widths)]
    for row in plan.itertuples(index=False):
        cells = (row.collection, row.variables, row.years, row.requests, row.cached)
        lines.append(aligned((*cells, f"{row.mib:.2f}"), widths))
    sums = plan[["requests", "cached", "mib"]].sum()
    cells = ("all", "", "", int(sums["requests"]), int(sums["cached"]))
    lines.append(aligned((*cells, f"{sums['mib']:.2f}"), widths))
    lines.append(
        f"{jobs} extraction jobs; disk at most {sums['mib'] / 1024:.2f} GiB of answers"
        f" and {disk / 2**30:.2f} GiB of stores, before compression"
    )
    return lines


def aligned(cells: Sequence, widths: Sequence[int]) -> str:
    """Cells side by side, text to the left and numbers to the right."""
    texts = [
        f"{str(cell)[:width]:<{width}}"
        for cell, width in zip(cells, widths, strict=True)
    ][:3]
    numbers = [f"{cell!s:>{width}}" for cell, width in zip(cells, widths, strict=True)][
        3:
    ]
    return " ".join(texts + numbers)
