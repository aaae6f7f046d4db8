"""The store of a compared product: maps of both means, and the sums that its tables need."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr
from tqdm import tqdm

from forestflux.core.input_errors import InputError
from forestflux.core.names import FLUX_UNIT
from forestflux.evaluation.compare.common_cells import (
    MOMENTS,
    mean_layers,
    read_common_cells,
    sum_moments,
    sum_zones,
)
from forestflux.evaluation.compare.compared_product import describe_product
from forestflux.evaluation.compare.comparison_plan import (
    ComparisonPlan,
    plan_comparison,
)
from forestflux.evaluation.compare.product_checks import check_product
from forestflux.jobs.settings.compare_settings import ComparedSettings
from forestflux.jobs.stores.chunked import ChunkedDataset, Where, template_array

LAYERS = {
    "run": "mean flux of the run over the common years",
    "product": "mean flux of the product over the common years",
    "difference": "mean flux of the run minus that of the product",
}


def compare_product(
    name: str,
    settings: ComparedSettings,
    maps: Mapping[int, Path],
    *,
    windows: Sequence[tuple[int, int]],
    zone_width_deg: float,
) -> ChunkedDataset:
    """The store of a product (docs/reference/stores.md, compare), made band by band.

    Parameters
    ----------
    name : of the product in the configuration
    settings : of the product
    maps : map store by year
    windows : first and last year of each
    zone_width_deg : height of a zone of latitude, degrees

    Raises
    ------
    InputError : the product cannot be read or understood, shares no year and no forest with the
        maps, or cannot be what its files say
    """
    product = describe_product(name, settings)
    plan = plan_comparison(
        product, dict(maps), windows=windows, zone_width_deg=zone_width_deg
    )
    check_product(plan)
    return ChunkedDataset(store_template(plan), compare_bands(plan))


def store_template(plan: ComparisonPlan) -> xr.Dataset:
    """Shapes, attributes and coordinates of the store."""
    product, sizes = plan.product, template_sizes(plan)
    zones = sizes["zone"]
    dataset = xr.Dataset(
        coords={
            "y": ("y", plan.latitudes, {"units": "degrees_north"}),
            "x": ("x", plan.longitudes, {"units": "degrees_east"}),
            "zone": (
                "zone",
                90 - (np.arange(zones) + 0.5) * plan.zone_deg,
                {"units": "degrees_north", "long_name": "centre of a zone"},
            ),
            "year": ("year", np.array(plan.years)),
            "moment": ("moment", list(MOMENTS)),
        },
        attrs={
            "product": product.name,
            "title": product.title,
            "source": product.source,
            "flux": product.flux,
            "per": product.per,
            "resolution_deg": product.resolution_deg,
            "years": plan.years,
            "periods": [[p.kind, *p.years] for p in plan.periods],
        },
    )
    for layer, words in LAYERS.items():
        dataset[layer] = (
            ("y", "x"),
            template_array((sizes["y"], sizes["x"]), "float32"),
            {"units": FLUX_UNIT, "long_name": words},
        )
    sums = {
        "zone_mapped": (("zone",), "m2"),
        "zone_area": (("zone",), "m2"),
        "zone_run": (("year", "zone"), "gC yr-1"),
        "zone_product": (("year", "zone"), "gC yr-1"),
        "moments": (("period", "moment"), ""),
    }
    for sum_name, (dims, units) in sums.items():
        shape = tuple(sizes[dim] for dim in dims)
        attributes = {"units": units} if units else {}
        dataset[sum_name] = (dims, template_array(shape, "float64"), attributes)
    return dataset


def template_sizes(plan: ComparisonPlan) -> dict[str, int]:
    """Length of each dimension of the store."""
    return {
        "y": len(plan.latitudes),
        "x": len(plan.longitudes),
        "zone": int(plan.zone.max()) + 1,
        "year": len(plan.maps),
        "period": len(plan.periods),
        "moment": len(MOMENTS),
    }


def compare_bands(
    plan: ComparisonPlan,
) -> Iterator[tuple[Where, dict[str, np.ndarray]]]:
    """The layers of each band of rows, and the sums last.

    Raises
    ------
    InputError : no cell is common
    """
    count = template_sizes(plan)["zone"]
    sums: dict[str, np.ndarray] = {}
    for rows in tqdm(list(plan.bands()), desc=plan.product.name, disable=None):
        cells = read_common_cells(plan, rows)
        parts = sum_zones(cells, plan.zone[rows], count)
        parts["moments"] = sum_moments(cells, plan)
        sums = {key: part + sums.get(key, 0.0) for key, part in parts.items()}
        shape = rows.stop - rows.start, len(plan.longitudes)
        yield {"y": rows}, mean_layers(cells, shape)
    if not sums["zone_area"].sum() > 0:
        raise InputError(
            plan.product.files[0],
            variable=plan.product.variable,
            expected="values on mapped forest in every common year",
            found=f"no such cell in {plan.years[0]}-{plan.years[-1]}",
        )
    yield {}, sums
