"""Mask: physical values where trusted, NaN and a reason where not; nothing is filled."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from forestflux.core.calendars import eight_day
from forestflux.core.input_errors import InputError
from forestflux.core.layers import REGION_SHARE
from forestflux.core.names import FOREST_TYPES, REASONS
from forestflux.core.product_tables.pixel_quality import code, stored_reason
from forestflux.core.product_tables.products import Mask, Product
from forestflux.prepare.calendar_cube import cell_shape


def mask_cube(
    cube: xr.Dataset,
    products: Mapping[str, Product],
    *,
    year: int,
    min_valid_share: float,
) -> xr.Dataset:
    """Physical values of one place and year (see docs/reference/stores.md, mask).

    Parameters
    ----------
    cube : the cube store
    products : by variable, in the order of the input series; a series that the cube lacks is
    a gap, a variable without rules of a mask is no series
    min_valid_share : share of a cell's native pixels that must be valid, else the cell
    is a gap
    """
    if cube.sizes["time"] != eight_day.STEPS:
        raise InputError(
            f"cube {year}",
            variable="time",
            expected=f"{eight_day.STEPS} steps",
            found=str(cube.sizes["time"]),
        )
    cells = cell_shape(cube)
    values, reasons = {}, []
    for variable, product in products.items():
        if product.mask is None:
            continue
        physical, reason = mask_variable(
            cube,
            variable,
            product,
            product.mask,
            year=year,
            min_valid_share=min_valid_share,
        )
        physical, reason = reduce_windows(
            physical, reason, cells, min_valid_share=min_valid_share
        )
        values[variable] = (
            ("time", "y", "x"),
            physical.astype("float32"),
            {"units": product.units},
        )
        reasons.append(reason)
    reason = np.stack(reasons)
    masked = xr.Dataset(
        {
            **values,
            "reason": (
                ("variable", "time", "y", "x"),
                reason,
                {
                    "long_name": "reason of a gap, per variable in the order "
                    + " ".join(values),
                    "flag_values": list(range(len(REASONS))),
                    "flag_meanings": " ".join(REASONS),
                },
            ),
            "gap_fraction": (
                ("variable", "y", "x"),
                (reason != 0).mean(axis=1).astype("float32"),
                {"units": "1", "long_name": "share of the year's steps that are gaps"},
            ),
            **forest_layers(cube),
            **({REGION_SHARE: cube[REGION_SHARE]} if REGION_SHARE in cube else {}),
        },
        attrs={"variables": list(values)},
    )
    return masked.assign_coords(
        {
            name: cube[name]
            for name in ("time", "y", "x", "site", "lat", "lon")
            if name in cube.coords
        }
    )


def mask_variable(
    cube: xr.Dataset,
    variable: str,
    product: Product,
    rules: Mask,
    *,
    year: int,
    min_valid_share: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Physical values and reason codes of native pixels, both (time, y_v, x_v)."""
    if variable not in cube:
        shape = (eight_day.STEPS, *cell_shape(cube))
        return np.full(shape, np.nan), np.full(shape, code("not_acquired"), "uint8")
    stored = cube[variable].values
    quality = cube.get(f"{variable}_quality")
    reason = stored_reason(
        stored,
        None if quality is None else quality.values,
        rules,
        absent=product.extract.absent,
        share=rules.share,
        min_valid_share=min_valid_share,
    )
    physical = to_physical(stored, rules, year=year)
    low, high = rules.physical
    outside = (reason == 0) & ~((physical >= low) & (physical <= high))
    reason[outside] = code("out_of_range")
    return np.where(reason == 0, physical, np.nan), reason


def to_physical(stored: np.ndarray, rules: Mask, *, year: int) -> np.ndarray:
    """Stored values in our units, float64: scale, offset, sums per composite to sums per day."""
    physical = stored * rules.scale + rules.offset
    physical = physical * rules.multiply
    if rules.per_composite:
        physical = physical / eight_day.step_lengths(year)[:, None, None]
    if rules.clip_below is not None:
        physical = np.maximum(physical, rules.clip_below)
    return physical


def reduce_windows(
    physical: np.ndarray,
    reason: np.ndarray,
    cells: tuple[int, int],
    *,
    min_valid_share: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the valid pixels of each cell and the commonest reason of the gaps, (time, y, x).

    A cell with fewer valid pixels than `min_valid_share` is a gap. One pixel a cell
    passes through unchanged.
    """
    steps, rows, columns = physical.shape
    blocks = (steps, cells[0], rows // cells[0], cells[1], columns // cells[1])
    if blocks[2] == blocks[4] == 1:
        return physical, reason
    values, codes = physical.reshape(blocks), reason.reshape(blocks)
    share = (codes == 0).mean(axis=(2, 4))
    total = np.where(codes == 0, values, 0.0).sum(axis=(2, 4))
    trusted = share >= max(min_valid_share, 1e-9)
    count = (codes == 0).sum(axis=(2, 4))
    mean = np.where(trusted, total / np.maximum(count, 1), np.nan)
    counts = np.stack([(codes == k).sum(axis=(2, 4)) for k in range(1, len(REASONS))])
    return mean, np.where(trusted, 0, counts.argmax(axis=0) + 1).astype("uint8")


def forest_layers(cube: xr.Dataset) -> dict:
    """Forest fraction (1) and the commonest forest type of each cell; nothing for tower groups."""
    if "forest_percent" not in cube:
        return {}
    percent = cube["forest_percent"].values.astype("float32")
    percent = np.where(percent == 255, 0, percent)
    fraction = percent.sum(axis=0) / 100
    kind = np.where(fraction > 0, percent.argmax(axis=0) + 1, 0).astype("uint8")
    return {
        "forest_fraction": (
            ("y", "x"),
            fraction.astype("float32"),
            {"units": "1", "long_name": "share of the cell that is forest"},
        ),
        "forest_type": (
            ("y", "x"),
            kind,
            {
                "long_name": "forest type with the largest share",
                "flag_values": list(range(len(FOREST_TYPES) + 1)),
                "flag_meanings": " ".join(("none", *FOREST_TYPES)),
            },
        ),
    }
