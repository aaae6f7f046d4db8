"""Towers near the edge of a pixel, where a rounded coordinate takes the neighbour."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from forestflux.core.grids.pixel_grid import PixelGrid
from forestflux.core.grids.places import TowerPlace
from forestflux.core.product_tables.products import Product
from forestflux.sources.earthengine.layer_groups import groups_of
from forestflux.sources.earthengine.pixel_windows import positions
from forestflux.sources.sinusoidal import SPHERE_M

NEAR_M = 100.0
# Towers that are named for one product; of the others the number is told.
NAMED = 8


def find_near_edges(products: Mapping[str, Product], place: TowerPlace) -> pd.DataFrame:
    """Towers within 100 m of an edge of the pixel that holds them.

    One row per product's grid and tower: `collection, variables, site, metres`, the
    nearest first.
    """
    tables = []
    for group in groups_of(products):
        metres = distance_to_edge(group.product, place)
        near = np.flatnonzero(metres <= NEAR_M)
        near = near[np.argsort(metres[near], kind="stable")]
        table = {
            "collection": group.layers[0].collection,
            "variables": ", ".join(group.variables),
            "site": place.sites["site"].to_numpy(str)[near],
            "metres": metres[near],
        }
        tables.append(pd.DataFrame(table))
    return pd.concat(tables, ignore_index=True)


def distance_to_edge(product: Product, place: TowerPlace) -> np.ndarray:
    """Distance of each tower to the nearest edge of its pixel (tower,), m."""
    rows, columns = positions(product, place)
    height, width = pixel_sides(product.grid, place.latitudes)
    return np.minimum(to_edge(rows) * height, to_edge(columns) * width)


def to_edge(position: np.ndarray) -> np.ndarray:
    """Distance to the nearest whole number."""
    return np.abs(position - np.round(position))


def pixel_sides(grid: PixelGrid, latitudes: np.ndarray) -> tuple[float, np.ndarray]:
    """Height and width of the pixels at some latitudes, m."""
    if not grid.is_geographic:
        return grid.pixel, np.full(latitudes.shape, grid.pixel)
    height = float(SPHERE_M * np.radians(grid.pixel))
    return height, height * np.cos(np.radians(latitudes))


def edge_lines(products: Mapping[str, Product], place: TowerPlace) -> list[str]:
    """Towers near an edge as lines of text, a line for each product; none without any."""
    near = find_near_edges(products, place)
    if near.empty:
        return []
    lines = [
        f"towers within {NEAR_M:.0f} m of an edge of their pixel; a coordinate with few"
        " decimals may take the neighbour:"
    ]
    for (collection, variables), towers in near.groupby(
        ["collection", "variables"], sort=False
    ):
        named = [f"{row.site} {row.metres:.0f} m" for row in towers.itertuples()]
        more = [f"{len(named) - NAMED} more"] if len(named) > NAMED else []
        listed = ", ".join((*named[:NAMED], *more))
        lines.append(f"  {collection} ({variables}): {listed}")
    return lines
