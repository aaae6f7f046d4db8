"""What a click shows of a cell: its input series with gaps, and what drove its estimate."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from tqdm import tqdm

from forestflux.core.calendars.eight_day import STEPS, step_months
from forestflux.core.grids.grid import Grid
from forestflux.core.names import FOREST_TYPES, TARGET_FLUXES
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.evaluation.explain.explanations import COMMON_YEAR, iterate_occlusions
from forestflux.jobs.stages import Stores
from forestflux.jobs.stores.store import load_store
from forestflux.pages.explorer.packed_arrays import pack_codes, pack_numbers
from forestflux.prepare.sample_table import Samples

GAP = 255
TOP = 254  # the code of the largest value of a series


@dataclass(frozen=True)
class CellSamples:
    """Map cells whose series are kept.

    Attributes
    ----------
    flat : positions in the flattened map
    lat, lon : centres, degrees
    """

    flat: np.ndarray
    lat: np.ndarray
    lon: np.ndarray

    @classmethod
    def from_positions(cls, grid: Grid, flat: np.ndarray) -> "CellSamples":
        """The cells at these positions of the flattened map."""
        rows, columns = np.divmod(flat, grid.shape[1])
        return cls(flat, grid.latitudes()[rows], grid.longitudes()[columns])


def read_series(
    masks: Stores,
    cells: CellSamples,
    grid: Grid,
    *,
    variables: Sequence[str],
    year: int,
) -> np.ndarray:
    """Series of the cells in one year (cell, variable, step), float32, NaN = gap.

    One tile is in memory at a time.
    """
    series = np.full((len(cells.flat), len(variables), STEPS), np.nan, "float32")
    rows, columns = np.divmod(cells.flat, grid.shape[1])
    for tile in tqdm(grid.tiles(), desc=f"series {year}", disable=None):
        inside = (rows >= tile.rows.start) & (rows < tile.rows.stop)
        inside &= (columns >= tile.columns.start) & (columns < tile.columns.stop)
        if not inside.any():
            continue
        y, x = rows[inside] - tile.rows.start, columns[inside] - tile.columns.start
        masked = load_store(masks.path(tile.name, year), variables)
        for index, name in enumerate(variables):
            series[inside, index] = masked[name].values[:, y, x].T
    return series


def pack_series(series: np.ndarray) -> dict[str, dict]:
    """Series (sample, variable, step), each in 255 levels between its least and largest value.

    Returns
    -------
    `codes` uint8, 255 = gap; `lower` and `upper` (sample, variable): values of the codes
    0 and 254; NaN where the whole series is a gap
    """
    known = np.isfinite(series)
    lower = np.where(known, series, np.inf).min(-1)
    upper = np.where(known, series, -np.inf).max(-1)
    has_values = known.any(-1)
    lower = np.where(has_values, lower, np.nan)
    upper = np.where(has_values, upper, np.nan)
    span = np.where(upper > lower, upper - lower, 1)[..., None]
    codes = np.rint((series - lower[..., None]) / span * TOP)
    codes = np.where(known, codes, GAP)
    return {
        "codes": pack_codes(codes),
        "lower": pack_numbers(lower, digit=0.0001),
        "upper": pack_numbers(upper, digit=0.0001),
    }


def pack_reasons(
    model: Ensemble, series: np.ndarray, *, lat: np.ndarray, igbp: Sequence[str]
) -> dict[str, dict]:
    """Change of the estimate when one variable is hidden in one month, packed.

    Mean over members of the estimate with the month hidden minus the estimate with the
    series as observed, (sample, variable, calendar month), gC m-2 yr-1, for GPP and NEE.

    Parameters
    ----------
    model : the trained ensemble
    series : (sample, variable, step), NaN = gap
    lat : (sample,), degrees north
    igbp : forest type of each sample
    """
    table = pd.DataFrame({"lat": lat, "igbp": list(igbp)})
    variables = tuple(model.inputs)
    samples = Samples(series, table, variables)
    months = np.tile(step_months(COMMON_YEAR), (len(table), 1))
    found = {flux: np.empty((len(table), len(variables), 12)) for flux in TARGET_FLUXES}
    for name, month, change in iterate_occlusions(model, samples, months):
        for flux, values in found.items():
            values[:, variables.index(name), month - 1] = change[flux].mean(0)
    return {flux: pack_numbers(values, digit=0.01) for flux, values in found.items()}


def name_types(codes: np.ndarray) -> list[str]:
    """Names of forest type codes 1-5."""
    return [FOREST_TYPES[code - 1] for code in codes]
