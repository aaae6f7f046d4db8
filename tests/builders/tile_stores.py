"""Stores of a tile over its years, written as the stages infer, departures and level write them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.jobs.stores.store import write_store
from forestflux.maps.tile_years import TileYear, average_fluxes
from forestflux.models.years.response import Response
from tests.builders.inputs import VARIABLES


def make_members(members: np.ndarray, *, scale: float = 1.0) -> Response:
    """A response with these coefficients (member, target, regressor)."""
    members = np.asarray(members, float)
    flat = members.reshape(len(members), -1)
    covariance = np.cov(flat, rowvar=False) if len(members) > 1 else np.zeros(())
    covariance = np.broadcast_to(covariance, 2 * flat.shape[1:])
    return Response(
        scale=np.full(members.shape[-1], scale),
        coefficients=members.mean(axis=0),
        penalty=np.full(members.shape[1], 10.0),
        members=members,
        covariance=covariance.reshape(2 * members.shape[1:]),
    )


def no_response(members: int, variables: int = len(VARIABLES)) -> Response:
    """A response of nothing to anything."""
    return make_members(np.zeros((members, 2, variables)))


def write_departures(
    path: Path, departure: np.ndarray, inferred: Mapping[int, xr.Dataset]
) -> Path:
    """The departures store of a tile from departures (year, variable, y, x)."""
    first = next(iter(inferred.values()))
    store = xr.Dataset(
        {
            "departure": (
                ("year", "variable", "y", "x"),
                np.asarray(departure, "float32"),
            ),
            "temperature": (
                ("y", "x"),
                np.linspace(-5, 25, departure[0, 0].size, dtype="float32").reshape(
                    departure.shape[2:]
                ),
            ),
        },
        coords={
            "year": list(inferred),
            "variable": list(VARIABLES[: departure.shape[1]]),
            "y": first["y"].values,
            "x": first["x"].values,
        },
    )
    write_store(store, path, chunks={"year": 1, "y": 2})
    return path


def write_tile_years(
    folder: Path,
    inferred: Mapping[int, xr.Dataset],
    departure: np.ndarray,
    *,
    response: Response,
) -> dict[int, TileYear]:
    """A tile in each of its years.

    Parameters
    ----------
    folder : of this tile alone
    inferred : infer store by year
    departure : (year, variable, y, x), years in the order of `inferred`
    response : how fluxes follow departures
    """
    paths = {year: folder / f"infer/{year}.zarr" for year in inferred}
    for year, path in paths.items():
        write_store(inferred[year].copy(), path, chunks={"y": 2})
    departures = write_departures(folder / "departures.zarr", departure, inferred)
    level = folder / "level.zarr"
    write_store(average_fluxes(paths, departures), level, chunks={"y": 2})
    return {
        year: TileYear(year, path, departures, level, response)
        for year, path in paths.items()
    }
