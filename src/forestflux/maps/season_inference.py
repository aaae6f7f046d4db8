"""Shares of the months in the fluxes of the year, of the forest cells of places and years.

A stage of its own beside `forestflux.maps.inference`, so that the stores of the year are the same
with months or without.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.core.calendars.months import MONTHS
from forestflux.jobs.stores.chunked import (
    ChunkedDataset,
    Where,
    prefetch,
    template_array,
)
from forestflux.models.seasons.shares import SHARED_FLUXES, SeasonModel
from forestflux.prepare.masked_series import SeriesChunk, read_chunks

# Chunks that are read before they are needed.
READ_AHEAD = 2


def infer_seasons(
    paths: Iterable[Path],
    model: SeasonModel,
    *,
    inputs: Mapping[str, str],
    min_forest_fraction: float,
) -> Iterator[ChunkedDataset]:
    """Shares of GPP and RECO (month, y, x) of masked places and years, NaN outside forest.

    Each must be written before the next one is asked for.

    Parameters
    ----------
    paths : mask stores
    model : the season network
    inputs : unit of each series that it reads, in its order
    min_forest_fraction : smallest forest share of a cell (1) that is estimated

    Raises
    ------
    InputError : as `read_chunks`
    """
    read = partial(read_chunks, inputs=inputs, min_forest_fraction=min_forest_fraction)
    chunks = prefetch(chain.from_iterable(map(read, paths)), depth=READ_AHEAD)
    for first in chunks:
        parts = shares_of_store(chain([first], chunks), model)
        # The next part is worked on while the caller writes the one before.
        ahead = prefetch(parts, depth=1)
        yield ChunkedDataset(make_season_template(first.masked), ahead)


def shares_of_store(
    chunks: Iterable[SeriesChunk], model: SeasonModel
) -> Iterator[tuple[Where, dict[str, np.ndarray]]]:
    """Where the chunks of one store lie and their shares; later stores are left alone."""
    for chunk in chunks:
        values = {
            f"{flux}_share": np.full((MONTHS, *chunk.forest.shape), np.nan, "float32")
            for flux in SHARED_FLUXES
        }
        if len(chunk.series):
            years = np.full(len(chunk.series), find_year(chunk.masked))
            shares = model.predict_shares(
                chunk.series, chunk.lat, chunk.types, years=years
            )
            for flux, of_flux in zip(SHARED_FLUXES, shares, strict=True):
                values[f"{flux}_share"][:, chunk.forest] = of_flux.T
        yield chunk.where, values
        if chunk.last:
            return


def make_season_template(masked: xr.Dataset) -> xr.Dataset:
    """The season store of a place and year, without values."""
    shape = (MONTHS, masked.sizes["y"], masked.sizes["x"])
    layers = {
        f"{flux}_share": (
            ("month", "y", "x"),
            template_array(shape, "float32"),
            {
                "units": "1",
                "long_name": f"share of the month in {flux.upper()} of the year",
            },
        )
        for flux in SHARED_FLUXES
    }
    return xr.Dataset(
        layers,
        coords={
            "month": np.arange(1, MONTHS + 1),
            "y": masked["y"].copy(),
            "x": masked["x"].copy(),
        },
        attrs={"year": find_year(masked)},
    )


def find_year(masked: xr.Dataset) -> int:
    """The calendar year of a masked place."""
    return int(masked["time"].dt.year.values[0])
