"""Change store: the layers of the cells of all blocks back on the grid."""

import dask.array as da
import numpy as np
import xarray as xr
from dask import delayed

from forestflux.change.cell_series import LAYERS
from forestflux.change.change_blocks import BlockChange, Plan
from forestflux.change.strata.divisions import FOREST_CHANGES
from forestflux.change.trends.significance import MASKS, MEANINGS
from forestflux.change.year_windows import Window
from forestflux.core.names import FLUX_UNIT, TARGET_FLUXES
from forestflux.jobs.store import load_store

SLOPE_UNIT = "gC m-2 yr-2"
# Tests whose flags become layers; the slope without regard to autocorrelation is only
# counted.
FLAGGED = ("difference", "window_difference", "slope")


def change_store(
    plan: Plan,
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
    result = frame(plan)
    words = long_names(plan)
    ends = np.cumsum([len(block.weights) for block in blocks])[:-1]
    for flux in TARGET_FLUXES:
        for layer in LAYERS:
            parts = [block.layers[f"{flux}_{layer}"] for block in blocks]
            result[f"{flux}_{layer}"] = on_grid(
                blocks, parts, np.nan, layer_attributes(flux, layer, words[layer])
            )
        for test in FLAGGED:
            parts = np.split(flags[flux, test], ends)
            result[f"{flux}_{test}_significance"] = on_grid(
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


def frame(plan: Plan) -> xr.Dataset:
    """The change store without its layers: axes, cell area, mean forest fraction."""
    pair = plan.pair
    later = load_store(plan.maps[pair[1]], ("forest_fraction", "cell_area"))
    earlier = load_store(plan.maps[pair[0]], ("forest_fraction",))
    mean = (earlier["forest_fraction"] + later["forest_fraction"]) / 2
    later["forest_fraction"] = mean.assign_attrs(
        units="1",
        long_name=f"share of the cell that is forest, mean of {pair[0]}, {pair[1]}",
        grid_mapping="spatial_ref",
    )
    for variable in later.variables.values():
        # A store's fill value is read as an attribute and would be refused as one.
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


def on_grid(
    blocks: list[BlockChange],
    parts: list[np.ndarray],
    empty: float,
    attributes: dict[str, object],
) -> tuple:
    """A layer (y, x) of values of the paired cells, made when it is read."""

    def place(paired: np.ndarray, values: np.ndarray) -> np.ndarray:
        layer = np.full(paired.shape, empty, values.dtype)
        layer[paired] = values
        return layer

    rows = [
        da.from_delayed(
            delayed(place, pure=False)(block.paired, values),
            block.paired.shape,
            values.dtype,
        )
        for block, values in zip(blocks, parts, strict=True)
    ]
    return ("y", "x"), da.concatenate(rows), attributes


def long_names(plan: Plan) -> dict[str, str]:
    """What the layers hold, with {flux} for the flux."""
    first, second = plan.pair
    span = f"{plan.years[0]}-{plan.years[-1]}"
    windows = " minus ".join(mean_text(window) for window in plan.windows[::-1])
    spread = "from members and interannual variability"
    return {
        "difference": f"{{flux}} of {second} minus {{flux}} of {first}",
        "difference_sd": f"standard deviation of the {{flux}} difference, {spread}",
        "difference_p": "p of the {flux} difference, of each cell by itself",
        "window_difference": f"{{flux}}, {windows}",
        "window_difference_sd": f"standard deviation of the {{flux}} difference of the"
        f" windows, {spread}",
        "window_difference_p": "p of the {flux} difference of the windows, of each cell"
        " by itself",
        "slope": f"Theil-Sen slope of {{flux}}, {span}",
        "p": f"Mann-Kendall p of {{flux}}, {span}, of each cell by itself,"
        " autocorrelation handled",
        "p_independent": f"Mann-Kendall p of {{flux}}, {span}, of each cell by itself,"
        " years taken as independent",
    }


def mean_text(window: Window) -> str:
    """A window in words."""
    return f"mean of {window.text or 'no year'}"


def layer_attributes(flux: str, layer: str, long_name: str) -> dict[str, object]:
    """Attributes of a layer of one flux."""
    unit = "1" if layer in ("p", "p_independent") or layer.endswith("_p") else FLUX_UNIT
    sign = " Negative is more uptake." if flux == "nee" else ""
    return {
        "units": SLOPE_UNIT if layer == "slope" else unit,
        "long_name": long_name.format(flux=flux.upper()),
        "comment": f"Per m2 of forest ground.{sign}",
        "grid_mapping": "spatial_ref",
        "cell_measures": "area: cell_area",
    }


def flag_attributes(flux: str, tested: str) -> dict[str, object]:
    """Attributes of a layer of significance flags."""
    return {
        "long_name": f"significance of: {tested.format(flux=flux.upper())}",
        "flag_masks": np.array(MASKS, "uint8"),
        "flag_meanings": MEANINGS,
        "grid_mapping": "spatial_ref",
    }
