"""The change store: the layers of the cells of all blocks, placed back on the grid."""

import dask.array as da
import numpy as np
import xarray as xr
from dask import delayed

from forestflux.change.cell_series import CHANGE_LAYERS
from forestflux.change.change_blocks import BlockChange
from forestflux.change.change_plan import ChangePlan
from forestflux.change.strata.divisions import FOREST_CHANGES
from forestflux.change.trends.significance import FLAG_MASKS, FLAG_MEANINGS
from forestflux.change.year_windows import YearWindow
from forestflux.core.layers import REGION_LAYERS
from forestflux.core.names import FLUX_SLOPE_UNIT, FLUX_UNIT, TARGET_FLUXES
from forestflux.jobs.stores.store import load_store

# Tests whose flags become layers. The slope without regard to autocorrelation is counted in
# the table of significance only.
FLAGGED_TESTS = ("difference", "window_difference", "slope")


def build_change_store(
    plan: ChangePlan,
    blocks: list[BlockChange],
    flags: dict[tuple[str, str], np.ndarray],
) -> xr.Dataset:
    """The change store; its layers are made block by block when they are written.

    Parameters
    ----------
    plan : of the analysis
    blocks : of all rows, from north to south
    flags : significance flags of the paired cells of all blocks, by flux and test
    """
    result = make_template(plan)
    words = describe_layers(plan)
    ends = np.cumsum([len(block.weights) for block in blocks])[:-1]
    for flux in TARGET_FLUXES:
        for layer in CHANGE_LAYERS:
            parts = [block.layers[f"{flux}_{layer}"] for block in blocks]
            result[f"{flux}_{layer}"] = place_on_grid(
                blocks, parts, np.nan, layer_attributes(flux, layer, words[layer])
            )
        for test in FLAGGED_TESTS:
            parts = np.split(flags[flux, test], ends)
            result[f"{flux}_{test}_significance"] = place_on_grid(
                blocks, parts, 0, flag_attributes(flux, words[test])
            )
    result["forest_change"] = (
        ("y", "x"),
        np.concatenate([block.forest_change for block in blocks]),
        {
            "long_name": f"change of the forest, {plan.pair[0]} to {plan.pair[1]}",
            "comment": "Loss and gain: the forest fraction moved by more than"
            f" {plan.stable_within:g}, or the cell is mapped in one year only.",
            "flag_values": list(range(len(FOREST_CHANGES) + 1)),
            "flag_meanings": " ".join(("none", *FOREST_CHANGES)),
            "grid_mapping": "spatial_ref",
        },
    )
    return result


def make_template(plan: ChangePlan) -> xr.Dataset:
    """The change store without its layers: axes, cell area and mean forest fraction."""
    pair = plan.pair
    later = load_store(
        plan.maps[pair[1]], ("forest_fraction", "cell_area"), optional=REGION_LAYERS
    )
    earlier = load_store(plan.maps[pair[0]], ("forest_fraction",))
    mean = (earlier["forest_fraction"] + later["forest_fraction"]) / 2
    later["forest_fraction"] = mean.assign_attrs(
        units="1",
        long_name=f"share of the cell that is forest, mean of {pair[0]}, {pair[1]}",
        grid_mapping="spatial_ref",
    )
    for variable in later.variables.values():
        # Opened unmasked, a store has its fill value as an attribute; xarray refuses to
        # write such an attribute.
        variable.attrs.pop("_FillValue", None)
    later.attrs = {
        "Conventions": later.attrs["Conventions"],
        "title": f"Change of forest GPP and NEE, {pair[1]} minus {pair[0]}",
        "pair": list(pair),
        "years": list(plan.years),
        "first_window": list(plan.windows[0].years),
        "second_window": list(plan.windows[1].years),
    }
    return later


def place_on_grid(
    blocks: list[BlockChange],
    parts: list[np.ndarray],
    fill: float,
    attributes: dict[str, object],
) -> tuple:
    """A lazy layer (y, x) of the values of the paired cells, as xarray takes a variable."""

    def fill_block(paired: np.ndarray, values: np.ndarray) -> np.ndarray:
        layer = np.full(paired.shape, fill, values.dtype)
        layer[paired] = values
        return layer

    rows = [
        da.from_delayed(
            delayed(fill_block, pure=False)(block.paired, values),
            block.paired.shape,
            values.dtype,
        )
        for block, values in zip(blocks, parts, strict=True)
    ]
    return ("y", "x"), da.concatenate(rows), attributes


def describe_layers(plan: ChangePlan) -> dict[str, str]:
    """Long names of the layers, with {flux} for the flux."""
    first, second = plan.pair
    span = f"{plan.years[0]}-{plan.years[-1]}"
    windows = " minus ".join(describe_window(window) for window in plan.windows[::-1])
    error = "standard deviation of the error of the {flux}"
    return {
        "difference": f"{{flux}} of {second} minus {{flux}} of {first}",
        "difference_sd": f"{error} difference",
        "difference_p": "p of the {flux} difference, of each cell by itself",
        "window_difference": f"{{flux}}, {windows}",
        "window_difference_sd": f"{error} difference of the windows",
        "window_difference_p": "p of the {flux} difference of the windows, of each cell"
        " by itself",
        "slope": f"Theil-Sen slope of {{flux}}, {span}",
        "slope_sd": f"{error} slope",
        "p": f"p of the {{flux}} slope, {span}, of each cell by itself: the larger of that"
        " of Mann-Kendall, autocorrelation handled, and that of the error of the slope",
        "p_independent": f"Mann-Kendall p of {{flux}}, {span}, of each cell by itself,"
        " years taken as independent",
    }


def describe_window(window: YearWindow) -> str:
    """A window in words, for long names."""
    return f"mean of {window.text or 'no year'}"


def layer_attributes(flux: str, layer: str, long_name: str) -> dict[str, object]:
    """Attributes of a layer of one flux."""
    unit = "1" if layer in ("p", "p_independent") or layer.endswith("_p") else FLUX_UNIT
    sign = " Negative is more uptake." if flux == "nee" else ""
    return {
        "units": FLUX_SLOPE_UNIT if layer in ("slope", "slope_sd") else unit,
        "long_name": long_name.format(flux=flux.upper()),
        "comment": f"Per m2 of forest ground.{sign}",
        "grid_mapping": "spatial_ref",
        "cell_measures": "area: cell_area",
    }


def flag_attributes(flux: str, tested: str) -> dict[str, object]:
    """Attributes of a layer of significance flags."""
    return {
        "long_name": f"significance of: {tested.format(flux=flux.upper())}",
        "flag_masks": np.array(FLAG_MASKS, "uint8"),
        "flag_meanings": FLAG_MEANINGS,
        "grid_mapping": "spatial_ref",
    }
