"""Fluxes of a tile in a year: the level of each cell and its response to the year."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.core.input_errors import InputError
from forestflux.jobs.stages import Stores
from forestflux.jobs.stores.store import load_part, load_store, open_store
from forestflux.models.years.co2 import weigh_years
from forestflux.models.years.response import Response

MEMBER_FLUXES = ("gpp", "reco")
LEVEL_LAYERS = (*MEMBER_FLUXES, "departure")


@dataclass(frozen=True)
class TileYear:
    """A tile in a year, as the stages infer, departures and level left it.

    Made by `MappedTiles`.

    Attributes
    ----------
    year : calendar year
    inferred : infer store of the tile and year
    departures : departures store of the tile
    level : level store of the tile
    response : how fluxes follow departures; None where what the networks give for the year
        is taken as it is
    co2 : effect of CO2 that is added to the level, key `model.co2`
    """

    year: int
    inferred: Path
    departures: Path
    level: Path
    response: Response | None
    co2: str = "none"

    def load(
        self, layers: Sequence[str] | None = None, *, rows: slice = slice(None)
    ) -> xr.Dataset:
        """Layers of the infer store, its fluxes replaced by level plus response.

        Without a choice of layers the dataset also has `departure (variable, y, x)`, from the mean
        of the years in which a cell is estimated, unless there is no response, and, where CO2 is
        added, `gpp_co2` and `reco_co2 (member, y, x)`, what it adds to the level.

        Parameters
        ----------
        layers : names, GPP and RECO among them; all where not given
        rows : rows of the tile

        Raises
        ------
        InputError : a layer is missing or damaged, or the year has no departures
        """
        part = load_store(self.inferred, layers, rows=rows)
        if self.response is None:
            return part
        level = load_store(self.level, LEVEL_LAYERS, rows=rows)
        co2_added = self.measure_co2_added(level, rows)
        departures = load_years(self.departures, [self.year], rows=rows)[0]
        departures = departures.copy(data=departures.values - level["departure"].values)
        cells = np.isfinite(part["gpp"].values[0])
        gpp, nee = self.response.predict_members(
            departures.values[:, cells].astype(float).T
        ).transpose(1, 0, 2)
        for name, change in (("gpp", gpp), ("reco", gpp + nee)):
            values = np.full(part[name].shape, np.nan, "float32")
            still = level[name].values + co2_added[name]
            values[:, cells] = np.maximum(still[:, cells] + change, 0.0)
            part[name] = part[name].copy(data=values)
        if layers is not None:
            return part
        if self.co2 != "none":
            for name, added in co2_added.items():
                part[f"{name}_co2"] = part[name].copy(data=added)
        return part.assign(departure=departures.drop_vars("year"))

    def measure_co2_added(
        self, level: xr.Dataset, rows: slice
    ) -> dict[str, np.ndarray | float]:
        """What CO2 adds to the level of GPP and RECO (member, y, x) by name; 0 if not asked for."""
        if self.co2 == "none":
            return dict.fromkeys(MEMBER_FLUXES, 0.0)
        temperature = load_store(self.departures, ["temperature"], rows=rows)
        years = temperature["year"].values.tolist()
        factors = weigh_years(self.co2, years, temperature["temperature"].values)
        # Where the temperature is not known nothing is added.
        factor = np.nan_to_num(factors[years.index(self.year)] - 1)
        return {
            name: (level[name].values * factor).astype("float32")
            for name in MEMBER_FLUXES
        }


@dataclass(frozen=True)
class MappedTiles:
    """Finished stores of the stages from which the fluxes of tiles and years follow.

    Attributes
    ----------
    inferred, departures, levels : stores of the stages infer, departures and level
    response : of the model; None where years are taken to differ like places
    co2 : effect of CO2 that is added, key `model.co2`
    """

    inferred: Stores
    departures: Stores
    levels: Stores
    response: Response | None
    co2: str = "none"

    def tile_year(self, tile: str, year: int) -> TileYear:
        """A tile in a year."""
        return TileYear(
            year,
            self.inferred.path(tile, year),
            self.departures.path(tile),
            self.levels.path(tile),
            self.response,
            self.co2,
        )

    def checksums(self, tile: str, year: int) -> list[str]:
        """Checksums of everything that a tile in a year is made of, but the response."""
        return [
            self.inferred.checksum(tile, year),
            self.departures.checksum(tile),
            self.levels.checksum(tile),
        ]


def load_years(
    departures: Path, years: Sequence[int], *, rows: slice = slice(None)
) -> xr.DataArray:
    """Departures (year, variable, y, x) of some years.

    Raises
    ------
    InputError : the store lacks a year, or is damaged
    """
    whole = open_store(departures)
    there = whole["year"].values.tolist()
    missing = [year for year in years if year not in there]
    if missing:
        raise InputError(
            departures,
            variable="year",
            expected=", ".join(map(str, missing)),
            found=f"only {there}",
        )
    where = np.array([there.index(year) for year in years])
    return load_part(whole, ["departure"], year=where, y=rows)["departure"]


def average_fluxes(inferred: dict[int, Path], departures: Path) -> xr.Dataset:
    """The level store of a tile: means over the years in which a cell is estimated.

    Parameters
    ----------
    inferred : infer store of the tile by year
    departures : departures store of the tile

    Returns
    -------
    gpp, reco (member, y, x), gC m-2 yr-1, and departure (variable, y, x), float32, NaN where
    no year is estimated
    """
    sums: dict[str, np.ndarray] = {}
    count = np.zeros(())
    layers: dict[str, xr.DataArray] = {}
    for year, path in inferred.items():
        fluxes = load_store(path, MEMBER_FLUXES)
        layers = {name: fluxes[name] for name in MEMBER_FLUXES}
        layers["departure"] = load_years(departures, [year])[0]
        there = np.isfinite(layers["gpp"].values[0])
        count = count + there
        for name, layer in layers.items():
            values = np.where(there, layer.values, 0).astype("float64")
            sums[name] = sums[name] + values if name in sums else values
    known = np.where(count > 0, count, np.nan)
    means = {
        name: layer.copy(data=(sums[name] / known).astype("float32")).drop_vars(
            "year", errors="ignore"
        )
        for name, layer in layers.items()
    }
    return xr.Dataset(means)
