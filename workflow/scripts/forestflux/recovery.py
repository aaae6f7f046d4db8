"""Recovery: the maps of the simulated planet against its planted truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from forestflux.change import check_series
from forestflux.errors import InputError
from forestflux.names import FLUX_UNIT, FLUXES
from forestflux.store import load_store
from forestflux.totals import PG_PER_G, Band, strata
from forestflux.trend import theil_sen

BOUNDED = ("gpp", "nee")
BOUNDS = ("gpp_lower", "gpp_upper", "nee_lower", "nee_upper")
TRUTH_LAYERS = (*FLUXES, "forest_fraction", "forest_type", "disturbed", "planted_slope")


@dataclass(frozen=True)
class Comparison:
    """Truth and map of every cell that is forest in both in all years.

    Attributes
    ----------
    years : (year,)
    truth, mapped : fluxes by name, (year, cell), gC m-2 yr-1
    covered : gpp and nee, bool (year, cell), truth within the interval of the map
    weights : (cell,), m2 of forest: cell area x forest fraction of the truth, the same for both sides
    latitude : (cell,), degrees
    band : (cell,), position in the bands
    disturbed : bool (year, cell)
    planted_slope : (cell,), gC m-2 yr-2
    area_truth, area_mapped : (year,), m2 of forest on either side's own cells
    """

    years: np.ndarray
    truth: dict[str, np.ndarray]
    mapped: dict[str, np.ndarray]
    covered: dict[str, np.ndarray]
    weights: np.ndarray
    latitude: np.ndarray
    band: np.ndarray
    disturbed: np.ndarray
    planted_slope: np.ndarray
    area_truth: np.ndarray
    area_mapped: np.ndarray


def recover(
    maps: dict[int, Path],
    truth_stores: dict[int, Path],
    *,
    pair: tuple[int, int],
    bands: Sequence[Band],
    level: float,
) -> pd.DataFrame:
    """What the maps recover of the truth: `quantity, unit, truth, mapped, error, error_percent`.

    Both sides are summed over the same cells with the same weights, so that an error is one of the flux; the forest
    area, each side on its own cells, stands beside. `error` is mapped minus truth except for a root mean square, where it
    is the root mean square; `error_percent` is relative to the truth.

    Parameters
    ----------
    maps : map store by year, every year of a series
    truth_stores : truth store by year, the same years
    pair : the two years of the change
    bands : latitude bands
    level : nominal share of cells within the interval

    Raises
    ------
    InputError : a year, layer or cell of one side is missing on the other
    """
    years = check_series(maps, pair=pair)
    both = compare(maps, truth_stores, years=years, bands=bands)
    rows = [
        *area_rows(both),
        *total_rows(both),
        *band_rows(both, [band.name for band in bands]),
        *cell_rows(both),
        *zonal_rows(both),
        *trend_rows(both),
        *pair_rows(both, pair=pair),
        *interval_rows(both, level=level),
        *disturbance_rows(both),
    ]
    return pd.DataFrame(
        rows,
        columns=["quantity", "unit", "truth", "mapped", "error", "error_percent"],
    )


def compare(
    maps: dict[int, Path],
    truth_stores: dict[int, Path],
    *,
    years: list[int],
    bands: Sequence[Band],
) -> Comparison:
    """Both sides of every year, cut to the cells that both have in all years."""
    sides = [
        one_year(maps[year], truth_path(truth_stores, year))
        for year in tqdm(years, desc="recovery", disable=None)
    ]
    common = np.logical_and.reduce([side["both"] for side in sides])
    if not common.any():
        raise InputError(
            "recovery",
            variable="cells",
            expected="cells that map and truth share in all years",
            found="none",
        )
    last = sides[-1]
    rows = np.nonzero(common)[0]

    def stacked(side: str, name: str) -> np.ndarray:
        return np.stack([s[side][name][common] for s in sides])

    mapped = {name: stacked("mapped", name).astype(float) for name in FLUXES}
    truth = {name: stacked("truth", name).astype(float) for name in FLUXES}
    covered = {
        name: (truth[name] >= stacked("mapped", f"{name}_lower"))
        & (truth[name] <= stacked("mapped", f"{name}_upper"))
        for name in BOUNDED
    }
    # The truth's forest is that of the middle year where land cover moves.
    middle = sides[len(sides) // 2]
    return Comparison(
        years=np.array(years),
        truth=truth,
        mapped=mapped,
        covered=covered,
        weights=(middle["area"] * middle["truth"]["forest_fraction"])[common],
        latitude=last["latitude"][rows],
        band=strata(last["mapped"], bands)[2][2][common],
        disturbed=stacked("truth", "disturbed") > 0,
        planted_slope=last["truth"]["planted_slope"][common].astype(float),
        area_truth=np.array([side["area_truth"] for side in sides]),
        area_mapped=np.array([side["area_mapped"] for side in sides]),
    )
