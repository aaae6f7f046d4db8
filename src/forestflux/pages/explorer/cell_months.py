"""What a click shows of the months of a cell, where the run has months."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from forestflux.core.calendars.months import MONTHS
from forestflux.jobs.stores.store import load_part, open_store
from forestflux.pages.explorer.packed_arrays import pack_numbers

# NEE and GPP give RECO; half-widths are those of the interval of a month.
LAYERS = ("gpp", "nee", "gpp_half_width", "nee_half_width")
DIGIT = 0.1  # gC m-2 month-1; an interval is tens of them wide
BAND_ROWS = 50  # read at once: all months of them must fit into memory


def pack_months(
    stores: Mapping[int, Path], flat: np.ndarray, *, shape: tuple[int, int]
) -> dict[str, dict[str, dict]]:
    """Months of some map cells by year and layer, packed (cell, month), gC m-2 month-1.

    NaN where a cell is no forest in the year.

    Parameters
    ----------
    stores : months of the map by year
    flat : positions of the cells in the flattened map
    shape : rows and columns of the map

    Raises
    ------
    InputError : a store lacks a layer, or is damaged
    """
    rows, columns = np.divmod(flat, shape[1])
    packed = {}
    for year, path in stores.items():
        store = open_store(path)
        values = {name: np.full((len(flat), MONTHS), np.nan) for name in LAYERS}
        for start in range(0, shape[0], BAND_ROWS):
            inside = (rows >= start) & (rows < start + BAND_ROWS)
            if not inside.any():
                continue
            band = load_part(store, LAYERS, y=slice(start, start + BAND_ROWS))
            y, x = rows[inside] - start, columns[inside]
            for name, months in values.items():
                months[inside] = band[name].values[:, y, x].T
        packed[str(year)] = {
            name: pack_numbers(months, digit=DIGIT) for name, months in values.items()
        }
    return packed
