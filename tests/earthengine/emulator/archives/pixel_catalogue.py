"""A catalogue of images whose pixels a test gives as arrays."""

from collections.abc import Mapping

import numpy as np

from tests.earthengine.emulator.archives.catalogue import Catalogue
from tests.earthengine.emulator.errors import Refused
from tests.earthengine.emulator.evaluation.grids import PixelGrid
from tests.earthengine.emulator.evaluation.images import (
    Band,
    Image,
    ImageCollection,
    Pixels,
    sampled,
)


class PixelCatalogue:
    """Images of given pixels, on one grid.

    Parameters
    ----------
    grid : of all images
    images : arrays (row, column) of each band of each image, NaN = masked
    beside : what has the other assets; None where there are none
    """

    def __init__(
        self,
        grid: PixelGrid,
        images: Mapping[str, Mapping[str, np.ndarray]],
        *,
        beside: Catalogue | None = None,
    ) -> None:
        """Make the images."""
        self.beside = beside
        self.images = {
            id: Image(
                tuple(
                    stored_band(name, values, grid) for name, values in bands.items()
                ),
                id=id,
            )
            for id, bands in images.items()
        }

    def image(self, id: str) -> Image:
        """One image by its name.

        Raises
        ------
        Refused : there is none
        """
        if id not in self.images and self.beside is not None:
            return self.beside.image(id)
        if id not in self.images:
            raise Refused(f"Image.load: Image asset '{id}' not found.")
        return self.images[id]

    def collection(self, id: str) -> ImageCollection:
        """All images of a collection that lies beside.

        Raises
        ------
        Refused : there is none
        """
        if self.beside is None:
            raise Refused(
                f"ImageCollection.load: ImageCollection asset '{id}' not found."
            )
        return self.beside.collection(id)


def stored_band(name: str, values: np.ndarray, grid: PixelGrid) -> Band:
    """A band of given pixels (row, column), masked beside them and where they are NaN."""
    mask = ~np.isnan(values)
    filled = np.where(mask, values, 0).astype(values.dtype)
    height, width = values.shape

    def look_up(asked: PixelGrid) -> Pixels:
        row, column = grid.pixel_at(asked.points(grid.crs))
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        row, column = (np.where(inside, at, 0).astype(int) for at in (row, column))
        found, known = filled[row, column], mask[row, column] & inside
        return found.reshape(asked.shape), known.reshape(asked.shape)

    return Band(name, values.dtype, sampled(grid, look_up), grid)
