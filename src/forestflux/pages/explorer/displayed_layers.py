"""What the map of the page shows: layers of every year and of the change, by cell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.core.grids.forest_area import measure_forest_area
from forestflux.core.layers import REGION_LAYERS, flagged
from forestflux.core.names import FOREST_TYPES, TARGET_FLUXES
from forestflux.jobs.stores.store import load_store, open_store
from forestflux.pages.explorer.display_grid import Display
from forestflux.pages.explorer.packed_arrays import pack_codes, pack_numbers

# Layers that are shown as they are, where the maps have them; NEE is RECO - GPP.
BASIC = ("gpp", "reco", "gap_fraction", "dissimilarity", "applicable")
# The smallest difference that is kept, in the unit of the layer.
FLUX_DIGIT = 0.01
DIGITS = {
    "gap_fraction": 0.0001,
    "forest_fraction": 0.0001,
    "dissimilarity": 0.001,
    "applicable": 0.0001,
    "slope": 0.001,
    "p": 0.0001,
}
NEEDED = ("gpp", "forest_fraction", "forest_type", "cell_area")
SHARE_DIGIT = 0.0001
ALL_ROWS = slice(None)
# Layers of a compared product that are shown.
COMPARED = ("product", "difference")
OUTSIDE_FOREST = 255  # of the layer `applicable`
# Kinds of change, with the layers that each has besides the change itself and its flags of
# significance.
CHANGES = {
    "difference": ("difference_sd",),
    "window_difference": ("window_difference_sd",),
    "slope": ("p",),
}
# The end of a layer's name in the page: the meaning of the flag that it shows.
FLAGS = {"clear": "significant", "adjusted": "significant_adjusted"}


@dataclass(frozen=True)
class Cells:
    """The displayed cells that are forest in any year.

    Attributes
    ----------
    display : the displayed grid
    flat : position of each cell in the flattened displayed grid, rising
    """

    display: Display
    flat: np.ndarray

    def select(self, layer: np.ndarray) -> np.ndarray:
        """Values of the cells from a displayed layer (row, column)."""
        return layer.ravel()[self.flat]


def compute_forest_area(maps: xr.Dataset) -> np.ndarray:
    """Forest area of each estimated map cell (y, x), m2; 0 where nothing is estimated."""
    return np.where(np.isfinite(maps["gpp"].values), measure_forest_area(maps), 0)


def pack_annual_layers(
    stores: Sequence[Path], display: Display
) -> tuple[Cells, dict[str, dict]]:
    """The forest cells, and every annual layer that the maps have, packed (year, cell).

    Finer maps are averaged over the forest of a displayed cell. `applicable` becomes
    the share of the forest that is inside; `forest_type` is the type with most forest.
    Bounds are kept as distances from the estimate, which compress far better:
    `gpp_below`, `gpp_above` and so on. One map is in memory at a time.
    """
    years = [read_displayed_year(store, display) for store in stores]
    is_forest = np.any([year["forest_fraction"] > 0 for year in years], axis=0)
    cells = Cells(display, np.flatnonzero(is_forest))
    return cells, pack_years(years, cells.select)


def pack_years(
    years: list[dict[str, np.ndarray]], select: Callable[[np.ndarray], np.ndarray]
) -> dict[str, dict]:
    """Layers of some years, packed (year, cell); each is taken out of its year.

    Parameters
    ----------
    years : what `read_displayed_year` gives, emptied
    select : values of the cells from a layer (row, column)
    """
    layers = {}
    for name in list(years[0]):
        values = np.stack([select(year.pop(name)) for year in years])
        if name == "forest_type":
            layers[name] = pack_codes(values)
        else:
            layers[name] = pack_numbers(values, digit=DIGITS.get(name, FLUX_DIGIT))
    return layers


def read_displayed_year(
    store: Path, display: Display, *, rows: slice = ALL_ROWS
) -> dict[str, np.ndarray]:
    """Displayed layers (row, column) of one map or some of its rows, float32; types uint8."""
    present = open_store(store).data_vars
    names = [name for name in BASIC if name in present]
    maps = load_store(
        store, dict.fromkeys([*NEEDED, *names]), optional=REGION_LAYERS, rows=rows
    )
    forest = compute_forest_area(maps)
    layers = {}
    for name in names:
        values = maps[name].values
        if name == "applicable":
            values = np.where(values == OUTSIDE_FOREST, np.nan, values)
        layers[name] = display.average_over_forest(values, forest).astype("float32")
    types = maps["forest_type"].values
    layers["forest_type"] = display.find_commonest(types, forest, len(FOREST_TYPES))
    area = display.split_into_blocks(maps["cell_area"].values).sum(-1)
    share = display.split_into_blocks(forest).sum(-1) / area
    layers["forest_fraction"] = share.astype("float32")
    for flux in TARGET_FLUXES:
        ends = [flux, f"{flux}_lower", f"{flux}_upper"]
        bounds = load_store(store, ends, rows=rows)
        for side, bound in (("below", "lower"), ("above", "upper")):
            distance = abs(bounds[f"{flux}_{bound}"].values - bounds[flux].values)
            mean = display.average_over_forest(distance, forest)
            layers[f"{flux}_{side}"] = mean.astype("float32")
    return layers


def pack_change_layers(store: Path, cells: Cells) -> dict[str, dict]:
    """The layers of the change, packed, (cell,), with the share that is significant."""
    layers = read_displayed_change(store, cells.display)
    return {
        name: pack_change(name, cells.select(layers.pop(name))) for name in [*layers]
    }


def pack_change(name: str, values: np.ndarray) -> dict:
    """A layer of the change, packed."""
    ending = name.rpartition("_")[2]
    digit = SHARE_DIGIT if ending in FLAGS else DIGITS.get(ending, FLUX_DIGIT)
    return pack_numbers(values, digit=digit)


def read_displayed_change(
    store: Path, display: Display, *, rows: slice = ALL_ROWS
) -> dict[str, np.ndarray]:
    """Displayed layers (row, column) of the change, or of some of its rows.

    `{flux}_{kind}_clear` and `_adjusted` are shares of the forest (1) whose change passes
    its test by itself, and with the false discovery rate limited. They are 0 or 1 where
    every map cell is shown. A kind of change that the mapped years do not allow is left out,
    and so are tests that a few years do not allow.
    """
    layers = {}
    area = read_common_area(store, rows=rows)
    for flux in TARGET_FLUXES:
        for kind, beside in CHANGES.items():
            flags = f"{flux}_{kind}_significance"
            names = {part: f"{flux}_{part}" for part in (kind, *beside)}
            change = load_store(store, [*names.values(), flags], rows=rows)
            known = np.isfinite(change[names[kind]].values)
            if not known.any():
                continue
            forest = np.where(known, area, 0)
            is_tested = (change[flags].values > 0).any()
            values = {
                name: change[name].values
                for name in names.values()
                if np.isfinite(change[name].values).any()
            }
            for ending, meaning in FLAGS.items() if is_tested else ():
                passed = flagged(change[flags], meaning).values.astype(float)
                values[f"{flux}_{kind}_{ending}"] = passed
            for name, layer in values.items():
                layers[name] = display.average_over_forest(layer, forest)
    return layers


def read_common_area(change: Path, *, rows: slice = ALL_ROWS) -> np.ndarray:
    """Forest area of each map cell (y, x) as the store of the change has it, m2."""
    names = ["forest_fraction", "cell_area"]
    common = load_store(change, names, optional=REGION_LAYERS, rows=rows)
    return measure_forest_area(common)


def pack_compared_product(store: Path, change: Path, cells: Cells) -> dict[str, object]:
    """A compared product: its mean over the common years and that of the run minus it.

    Parameters
    ----------
    store : of the product, as the stage compare makes it
    change : store of the change, for the forest area
    cells : displayed cells
    """
    layers = load_store(store, COMPARED)
    area = read_common_area(change)
    attributes, packed = layers.attrs, {}
    for name in COMPARED:
        mean = cells.display.average_over_forest(layers[name].values, area)
        packed[name] = pack_numbers(cells.select(mean), digit=FLUX_DIGIT)
    years = attributes["years"]
    return {
        "name": attributes["product"],
        "title": attributes["title"] or attributes["product"],
        "flux": attributes["flux"],
        "years": [int(min(years)), int(max(years))],
        **packed,
    }
