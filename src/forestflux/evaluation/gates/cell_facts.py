"""What the gates need of the cells of a map, counted and summed a few rows at a time."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.change.map_cells import row_blocks
from forestflux.core.grids.forest_area import measure_forest_area
from forestflux.core.layers import REGION_LAYERS
from forestflux.core.names import FLUXES, FOREST_TYPES, PG_PER_G, TARGET_FLUXES
from forestflux.jobs.settings.gate_settings import FluxRanges
from forestflux.jobs.stores.store import load_store

BOUND_LAYERS = tuple(
    f"{flux}_{side}" for flux in TARGET_FLUXES for side in ("lower", "upper")
)
MEMBER_LAYERS = ("gpp_member", "reco_member")
SHARE_LAYERS = ("forest_fraction", "gap_fraction")
TESTED_LAYERS = (*FLUXES, *BOUND_LAYERS, *MEMBER_LAYERS, *SHARE_LAYERS)
TESTED_LAYERS += ("forest_type", "applicable", "cell_area")


@dataclass
class CellFacts:
    """What the cells of one map add up to.

    Attributes
    ----------
    forest : cells that should be estimated
    estimated : forest cells with a finite GPP
    outside : by flux, cells whose mean is outside the range
    impossible : cells with a share outside 0-1 or a forest type outside 0-5
    missing, extra : forest cells without one of the values; other cells with one
    disorder : by flux, cells where not lower <= mean <= upper
    closure, member_closure : largest absolute difference, gC m-2 yr-1
    area, forest_area, gap_area, empty_area, inside_area : m2; of all cells, of the
        forest estimated, times gap fraction, without any value, inside the area of
        applicability
    totals : by flux (member,), PgC yr-1
    """

    forest: int = 0
    estimated: int = 0
    outside: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FLUXES, 0))
    impossible: int = 0
    missing: int = 0
    extra: int = 0
    disorder: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(TARGET_FLUXES, 0)
    )
    closure: float = 0.0
    member_closure: float = 0.0
    area: float = 0.0
    forest_area: float = 0.0
    gap_area: float = 0.0
    empty_area: float = 0.0
    inside_area: float = 0.0
    totals: dict[str, np.ndarray] = field(
        default_factory=lambda: {flux: np.zeros(()) for flux in FLUXES}
    )


def collect_cell_facts(
    path: Path,
    *,
    ranges: FluxRanges,
    min_forest_fraction: float,
) -> CellFacts:
    """The facts of a map, read in blocks of rows, so that memory does not grow with it.

    Parameters
    ----------
    path : a map store
    ranges : lowest and highest value of each flux, gC m-2 yr-1
    min_forest_fraction : forest share from which a cell is estimated
    """
    facts = CellFacts()
    for rows in row_blocks(path):
        block = load_store(path, TESTED_LAYERS, optional=REGION_LAYERS, rows=rows)
        add_block(facts, block, ranges=ranges, min_forest_fraction=min_forest_fraction)
    return facts


def add_block(
    facts: CellFacts,
    block: xr.Dataset,
    *,
    ranges: FluxRanges,
    min_forest_fraction: float,
) -> None:
    """Add a block of rows (y, x) to the facts."""
    layer = {str(name): block[name].values for name in block.data_vars}
    fraction = layer["forest_fraction"]
    forest = (fraction > 0) & (fraction >= min_forest_fraction)
    forest &= layer["forest_type"] > 0
    estimated = np.isfinite(layer["gpp"])
    facts.forest += int(forest.sum())
    facts.estimated += int((forest & estimated).sum())
    count_values(facts, layer, forest)
    for flux in FLUXES:
        low, high = getattr(ranges, flux)
        values = layer[flux]
        facts.outside[flux] += int(((values < low) | (values > high)).sum())
    for flux in TARGET_FLUXES:
        lower, mean, upper = (layer[f"{flux}{end}"] for end in ("_lower", "", "_upper"))
        ordered = (lower <= mean) & (mean <= upper)
        facts.disorder[flux] += int((estimated & ~ordered).sum())
    add_closure(facts, layer, estimated)
    add_areas(facts, layer, estimated, forest_area=measure_forest_area(block))


def count_values(
    facts: CellFacts, layer: dict[str, np.ndarray], forest: np.ndarray
) -> None:
    """Count missing and surplus values, and shares and types that are impossible."""
    # Bounds may be infinite: too few sites give no finite interval.
    finite = [np.isfinite(layer[name]) for name in FLUXES]
    finite += [np.isfinite(layer[name]).all(axis=0) for name in MEMBER_LAYERS]
    bounds = [~np.isnan(layer[name]) for name in BOUND_LAYERS]
    facts.missing += int((forest & ~np.all(finite + bounds, axis=0)).sum())
    present = [~np.isnan(layer[name]) for name in FLUXES]
    present += [(~np.isnan(layer[name])).any(axis=0) for name in MEMBER_LAYERS]
    facts.extra += int((~forest & np.any(present + bounds, axis=0)).sum())
    impossible = layer["forest_type"] > len(FOREST_TYPES)
    for name in set(layer) & {*SHARE_LAYERS, *REGION_LAYERS}:
        impossible |= (layer[name] < 0) | (layer[name] > 1)
    facts.impossible += int(impossible.sum())


def add_closure(
    facts: CellFacts, layer: dict[str, np.ndarray], cells: np.ndarray
) -> None:
    """Compare NEE with RECO - GPP, and the fluxes with the means of the members."""
    mean = {flux: layer[flux][cells].astype(float) for flux in FLUXES}
    gpp, reco = (
        layer[name][:, cells].mean(axis=0, dtype=float) for name in MEMBER_LAYERS
    )
    members = {"gpp": gpp, "reco": reco, "nee": reco - gpp}
    difference = np.abs(mean["nee"] - (mean["reco"] - mean["gpp"]))
    facts.closure = keep_largest(facts.closure, difference)
    for flux in FLUXES:
        difference = np.abs(members[flux] - mean[flux])
        facts.member_closure = keep_largest(facts.member_closure, difference)


def keep_largest(before: float, values: np.ndarray) -> float:
    """The largest of all values so far; NaN once there was one."""
    return float(np.maximum(before, values.max(initial=0.0)))


def add_areas(
    facts: CellFacts,
    layer: dict[str, np.ndarray],
    cells: np.ndarray,
    *,
    forest_area: np.ndarray,
) -> None:
    """Add up areas, and totals of each member; the forest area (y, x) is in m2."""
    weight = forest_area[cells]
    gaps = layer["gap_fraction"][cells]
    facts.area += float(layer["cell_area"].sum())
    facts.forest_area += float(weight.sum())
    facts.gap_area += float((weight * gaps).sum())
    facts.empty_area += float(weight[gaps >= 1 - 1e-6].sum())
    facts.inside_area += float(weight[layer["applicable"][cells] == 1].sum())
    gpp, reco = (layer[name][:, cells] @ weight * PG_PER_G for name in MEMBER_LAYERS)
    for flux, total in (("gpp", gpp), ("reco", reco), ("nee", reco - gpp)):
        facts.totals[flux] = facts.totals[flux] + total
