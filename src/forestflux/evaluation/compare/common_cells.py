"""Cells that are forest in the maps and have values of the product, in all common years."""

from dataclasses import dataclass

import numpy as np

from forestflux.core.layers import REGION_LAYERS, REGION_SHARE
from forestflux.evaluation.compare.area_weights import weigh_areas
from forestflux.evaluation.compare.compared_product import LEAST_LAND
from forestflux.evaluation.compare.comparison_plan import ComparisonPlan
from forestflux.jobs.stores.store import load_store

# Sums over cells of a period, in the order of `CellSums.moments`: of the weights w (forest area),
# and of w times the run's flux x, the product's y, and their products.
MOMENTS = ("w", "wx", "wy", "wxx", "wyy", "wxy")


@dataclass(frozen=True)
class CommonCells:
    """Common cells of a band of rows.

    Attributes
    ----------
    place : (cell,), position in the band, counted row by row
    row : (cell,), row of the band
    area : (cell,), forest area, mean of the common years, m2
    run, product : (year, cell), gC m-2 yr-1 of forest
    mapped : (row,), forest area that is mapped in all common years, m2
    """

    place: np.ndarray
    row: np.ndarray
    area: np.ndarray
    run: np.ndarray
    product: np.ndarray
    mapped: np.ndarray


def read_common_cells(plan: ComparisonPlan, rows: slice) -> CommonCells:
    """The common cells of some rows of the maps.

    Raises
    ------
    InputError : a map or a file of the product is damaged
    """
    place, run, share = read_forest(plan, rows)
    row = place // len(plan.longitudes)
    area = plan.areas(rows)[row] * share * read_region_share(plan, rows)[place]
    mapped = np.bincount(row, area, rows.stop - rows.start)
    product = read_product(plan, rows, place)
    if plan.product.per == "forest_in_cell":
        product = (product / share).astype("float32")
    common = np.isfinite(product).all(axis=0)
    return CommonCells(
        place=place[common],
        row=row[common],
        area=area[common],
        run=run[:, common],
        product=product[:, common],
        mapped=mapped,
    )


def read_forest(
    plan: ComparisonPlan, rows: slice
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cells of some rows that are mapped in all common years.

    What comes back are their positions (cell,), fluxes of the run (year, cell) in gC m-2 yr-1,
    and mean share of forest (cell,).
    """
    flux, fluxes = plan.product.flux, []
    shape = rows.stop - rows.start, len(plan.longitudes)
    mapped, share = np.ones(shape, bool), np.zeros(shape)
    for store in plan.maps.values():
        layers = load_store(store, (flux, "forest_fraction"), rows=rows)
        fluxes.append(layers[flux].values.ravel())
        share += layers["forest_fraction"].values / len(plan.maps)
        mapped &= np.isfinite(layers[flux].values)
    place = np.flatnonzero(mapped & (share > 0))
    run = np.empty((len(fluxes), len(place)), "float32")
    for position in range(len(run)):
        run[position] = fluxes.pop(0)[place]
    return place, run, share.ravel()[place]


def read_region_share(plan: ComparisonPlan, rows: slice) -> np.ndarray:
    """Share (cell,) of each cell of some rows that lies in the run's region, 1 without one."""
    first = next(iter(plan.maps.values()))
    layers = load_store(first, (), optional=REGION_LAYERS, rows=rows)
    if REGION_SHARE in layers:
        return layers[REGION_SHARE].values.ravel()
    return np.ones((rows.stop - rows.start) * len(plan.longitudes))


def read_product(plan: ComparisonPlan, rows: slice, place: np.ndarray) -> np.ndarray:
    """Annual fluxes of the product (year, cell) at cells of a band; NaN where it has none.

    Parameters
    ----------
    rows : of the maps
    place : (cell,), rising positions in the band
    """
    fluxes = np.full((len(plan.maps), len(place)), np.nan, "float32")
    width = len(plan.longitudes)
    for strip in plan.strips(rows):
        first = (strip.start - rows.start) * width
        last = (strip.stop - rows.start) * width
        cells = slice(*np.searchsorted(place, [first, last]))
        if cells.stop > cells.start:
            fill_strip(plan, strip, place[cells] - first, fluxes[:, cells])
    return fluxes


def fill_strip(
    plan: ComparisonPlan, strip: slice, place: np.ndarray, fluxes: np.ndarray
) -> None:
    """Write the annual fluxes of the product at cells of a strip into (year, cell)."""
    product, own = plan.product, plan.product_rows(strip)
    if own.start >= own.stop:
        return
    latitude, longitude = product.grid
    weights = weigh_areas(
        *plan.edges(strip),
        product_rows=latitude.edges[own.start : own.stop + 1],
        product_columns=longitude.edges,
    )
    land = product.land_share(own)
    for position, year in enumerate(plan.maps):
        values = product.annual_flux(year, own)
        if land is not None and product.per == "cell":
            values /= np.where(land >= LEAST_LAND, land, np.nan)
        fluxes[position] = weights.average(values, land).ravel()[place]


def sum_zones(
    cells: CommonCells, zone: np.ndarray, count: int
) -> dict[str, np.ndarray]:
    """Sums over zones of latitude: areas (zone,), and fluxes (year, zone), gC yr-1.

    Parameters
    ----------
    zone : (row,), of the band
    count : number of zones
    """
    label = zone[cells.row]

    def totals(fluxes: np.ndarray) -> np.ndarray:
        return np.stack([np.bincount(label, cells.area * f, count) for f in fluxes])

    return {
        "zone_mapped": np.bincount(zone, cells.mapped, count),
        "zone_area": np.bincount(label, cells.area, count),
        "zone_run": totals(cells.run),
        "zone_product": totals(cells.product),
    }


def sum_moments(cells: CommonCells, plan: ComparisonPlan) -> np.ndarray:
    """Sums (period, moment) over cells of the mean fluxes of each period."""
    years, moments = plan.years, []
    for period in plan.periods:
        chosen = [years.index(year) for year in period.years]
        x, y = (
            fluxes[chosen].mean(axis=0, dtype=float)
            for fluxes in (cells.run, cells.product)
        )
        factors = (np.ones_like(x), x, y, x * x, y * y, x * y)
        moments.append([np.sum(cells.area * factor) for factor in factors])
    return np.array(moments)


def mean_layers(cells: CommonCells, shape: tuple[int, int]) -> dict[str, np.ndarray]:
    """Means of the common years (row, column), and their difference; NaN elsewhere."""
    run, product = (f.mean(axis=0, dtype=float) for f in (cells.run, cells.product))
    layers = {}
    for name, values in (
        ("run", run),
        ("product", product),
        ("difference", run - product),
    ):
        layer = np.full(shape[0] * shape[1], np.nan, "float32")
        layer[cells.place] = values
        layers[name] = layer.reshape(shape)
    return layers
