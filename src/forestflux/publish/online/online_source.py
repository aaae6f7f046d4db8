"""What an image of a year needs of Earth Engine, and how its pixels are asked for."""

from collections.abc import Mapping, Sequence

import numpy as np

from forestflux.core.calendars.last_year import this_day
from forestflux.core.input_errors import InputError
from forestflux.core.layers import LAYERS, NOT_FOREST
from forestflux.core.product_tables.products import Product
from forestflux.jobs.settings.source_settings import EarthEngineSettings
from forestflux.publish.online.images.input_image import iterate_collections
from forestflux.sources.earthengine.coverage import check_years, name_of
from forestflux.sources.earthengine.earthengine_source import EarthEngineSource
from forestflux.sources.earthengine.layer_groups import NO_NUMBER, groups_of
from forestflux.sources.earthengine.request import (
    ArchiveWindow,
    Band,
    Layers,
    Request,
)

# What stands for no forest in flags of a map; `NOT_FOREST` in all others.
NO_FOREST = {"forest_type": 0}


class OnlineSource:
    """Images' days and computed pixels of one year, by way of the cache.

    Parameters
    ----------
    products : of cells, by variable
    runtime : how the service is reached, and where answers are kept
    year : of the inputs
    """

    def __init__(
        self,
        products: Mapping[str, Product],
        runtime: EarthEngineSettings,
        *,
        year: int,
    ) -> None:
        """Start the client, offline.

        Raises
        ------
        InputError : a product does not cover the year
        """
        check_years(groups_of(products), [year], key="year", today=this_day())
        self.products, self.year = products, year
        self.source = EarthEngineSource([year], runtime, forest_only=False)

    def ask_days(self) -> dict[str, np.ndarray]:
        """First days of each collection's images in the year (image,), datetime64[D].

        Raises
        ------
        InputError : no account, the server refuses, two images of one day where days are summed
        """
        collections = list(iterate_collections(self.products))
        self.source.downloads.fetch_days((name, self.year) for name in collections)
        for group in groups_of(self.products):
            for layers in group.layers:
                self.source.images_of_year(layers, self.year)
        return {name: self.source.read_days(name, self.year) for name in collections}

    def compute(
        self, layers: Layers, windows: Sequence[ArchiveWindow]
    ) -> list[dict[str, np.ndarray]]:
        """Bands (row, column) of each window by name, NaN where there is no number.

        Parameters
        ----------
        layers : of `ask_layers`
        """
        images = ((f"{self.year}-01-01", f"{self.year + 1}-01-01"),)
        requests = [Request(layers, images, window) for window in windows]
        self.source.downloads.fetch(requests)
        found = []
        for request in requests:
            arrays = self.source.read(request)
            found.append(
                {
                    band.name: restore_gaps(array[0], band)
                    for band, array in zip(layers.bands, arrays, strict=True)
                }
            )
        return found


def ask_layers(expression: str, names: Sequence[str]) -> Layers:
    """The layers of an image as they are asked for.

    Parameters
    ----------
    expression : the image as the client serialises it
    names : of its bands
    """
    bands = []
    for name in names:
        dtype = LAYERS[name].dtype
        flag = NO_FOREST.get(name, NOT_FOREST)
        bands.append(Band(name, dtype, NO_NUMBER if dtype == "float32" else flag))
    return Layers("online", tuple(bands), expression=expression)


def restore_gaps(values: np.ndarray, band: Band) -> np.ndarray:
    """Values as a map has them: NaN for the number that stood for nothing."""
    if values.dtype.kind != "f":
        return values
    return np.where(values == band.absent, np.nan, values).astype(values.dtype)


def check_latitudes(
    products: Mapping[str, Product], south: float, north: float, *, source: object
) -> None:
    """Refuse places outside of a product's latitudes.

    Parameters
    ----------
    south, north : of the places, degrees
    source : what names them, for the message

    Raises
    ------
    InputError : one line with the product, what it covers and what was asked
    """
    for group in groups_of(products):
        least, most = group.product.extract.latitudes
        if south < least - 1e-9 or north > most + 1e-9:
            raise InputError(
                str(source),
                variable=name_of(group),
                expected=f"latitudes from {least:g} to {most:g}, which it covers",
                found=f"{south:g} to {north:g}",
            )
