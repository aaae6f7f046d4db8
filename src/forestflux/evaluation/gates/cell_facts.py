"""Gates, cell by cell: what is counted and summed over a map, a few rows at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.change.map_cells import row_blocks
from forestflux.core.names import FLUXES, FOREST_TYPES, PG_PER_G, TARGET_FLUXES
from forestflux.jobs.store import load_store

BOUNDS = tuple(
    f"{flux}_{side}" for flux in TARGET_FLUXES for side in ("lower", "upper")
)
MEMBERS = ("gpp_member", "reco_member")
SHARES = ("forest_fraction", "gap_fraction")
LAYERS = (*FLUXES, *BOUNDS, *MEMBERS, *SHARES)
LAYERS += ("forest_type", "applicable", "cell_area")


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
        default_factory=lambda: dict.fromkeys(FLUXES, 0.0)
    )


def cell_facts(
    path: Path,
    *,
    ranges: Mapping[str, Sequence[float]],
    min_forest_fraction: float,
) -> CellFacts:
    """The facts of a map, read in blocks of rows, so that memory does not grow with it.

    Parameters
    ----------
    path : a map store
    ranges : lowest and highest value by flux, gC m-2 yr-1
    min_forest_fraction : forest share from which a cell is estimated
    """
    facts = CellFacts()
    for rows in row_blocks(path):
        block = load_store(path, LAYERS, rows=rows)
        count(facts, block, ranges=ranges, min_forest_fraction=min_forest_fraction)
    return facts


def count(
    facts: CellFacts,
    block: xr.Dataset,
    *,
    ranges: Mapping[str, Sequence[float]],
    min_forest_fraction: float,
) -> None:
    """Add a block of rows (y, x) to the facts."""
    layer = {name: block[name].values for name in block.data_vars}
    fraction = layer["forest_fraction"]
    forest = (fraction > 0) & (fraction >= min_forest_fraction)
    forest &= layer["forest_type"] > 0
    estimated = np.isfinite(layer["gpp"])
    facts.forest += int(forest.sum())
    facts.estimated += int((forest & estimated).sum())
    count_values(facts, layer, forest)
    for flux, (low, high) in ranges.items():
        values = layer[flux]
        facts.outside[flux] += int(((values < low) | (values > high)).sum())
    for flux in TARGET_FLUXES:
        lower, mean, upper = (layer[f"{flux}{end}"] for end in ("_lower", "", "_upper"))
        ordered = (lower <= mean) & (mean <= upper)
        facts.disorder[flux] += int((estimated & ~ordered).sum())
    close(facts, layer, estimated)
    add_areas(facts, layer, estimated)


def count_values(
    facts: CellFacts, layer: dict[str, np.ndarray], forest: np.ndarray
) -> None:
    """Values where forest is and only there; shares and types that can be."""
    # Bounds may be infinite: too few sites give no finite interval.
    finite = [np.isfinite(layer[name]) for name in FLUXES]
    finite += [np.isfinite(layer[name]).all(axis=0) for name in MEMBERS]
    there = [~np.isnan(layer[name]) for name in BOUNDS]
    facts.missing += int((forest & ~np.all(finite + there, axis=0)).sum())
    some = [~np.isnan(layer[name]) for name in FLUXES]
    some += [(~np.isnan(layer[name])).any(axis=0) for name in MEMBERS]
    facts.extra += int((~forest & np.any(some + there, axis=0)).sum())
    impossible = layer["forest_type"] > len(FOREST_TYPES)
    for name in SHARES:
        impossible |= (layer[name] < 0) | (layer[name] > 1)
    facts.impossible += int(impossible.sum())


def close(facts: CellFacts, layer: dict[str, np.ndarray], cells: np.ndarray) -> None:
    """NEE against RECO - GPP, of the means and of the means of the members."""
    mean = {flux: layer[flux][cells].astype(float) for flux in FLUXES}
    gpp, reco = (layer[name][:, cells].mean(axis=0, dtype=float) for name in MEMBERS)
    members = {"gpp": gpp, "reco": reco, "nee": reco - gpp}
    apart = np.abs(mean["nee"] - (mean["reco"] - mean["gpp"]))
    facts.closure = largest(facts.closure, apart)
    for flux in FLUXES:
        apart = np.abs(members[flux] - mean[flux])
        facts.member_closure = largest(facts.member_closure, apart)


def largest(before: float, values: np.ndarray) -> float:
    """The largest of all values so far; NaN once there was one."""
    return float(np.maximum(before, values.max(initial=0.0)))


def add_areas(
    facts: CellFacts, layer: dict[str, np.ndarray], cells: np.ndarray
) -> None:
    """Areas, and totals member by member."""
    weight = layer["cell_area"][cells] * layer["forest_fraction"][cells]
    gaps = layer["gap_fraction"][cells]
    facts.area += float(layer["cell_area"].sum())
    facts.forest_area += float(weight.sum())
    facts.gap_area += float((weight * gaps).sum())
    facts.empty_area += float(weight[gaps >= 1 - 1e-6].sum())
    facts.inside_area += float(weight[layer["applicable"][cells] == 1].sum())
    gpp, reco = (layer[name][:, cells] @ weight * PG_PER_G for name in MEMBERS)
    for flux, total in (("gpp", gpp), ("reco", reco), ("nee", reco - gpp)):
        facts.totals[flux] = facts.totals[flux] + total
