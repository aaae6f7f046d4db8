"""How tests ask for pixels: with the client's own call, decoded by numpy."""

import io

import ee
import numpy as np

from forestflux.core.product_tables.products import Product


def grid(crs: str, step: float, corner: tuple[float, float], shape: tuple[int, int]):
    """The grid of a request; rows run south."""
    return {
        "dimensions": {"width": shape[1], "height": shape[0]},
        "affineTransform": {
            "scaleX": step,
            "shearX": 0,
            "translateX": corner[0],
            "shearY": 0,
            "scaleY": -step,
            "translateY": corner[1],
        },
        "crsCode": crs,
    }


def pixels(image: ee.Image, where: dict, **options) -> np.ndarray:
    """Pixels of an image, a structured array (row, column) with one field per band."""
    body = ee.data.computePixels(
        {"expression": image, "fileFormat": "NPY", "grid": where, **options}
    )
    return np.load(io.BytesIO(body), max_header_size=2**20)


def window(product: Product, row: int, column: int, shape: tuple[int, int]) -> dict:
    """The grid of native pixels of a product."""
    side, (x, y) = product.grid.pixel, product.grid.corner
    corner = (x + column * side, y - row * side)
    return grid(product.grid.crs, side, corner, shape)
