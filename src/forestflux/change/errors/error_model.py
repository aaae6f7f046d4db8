"""What is known of the errors of the maps: components, response, and departures of the cells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forestflux.core.grids.grid import Grid, Tile
from forestflux.ensemble.errors.error_components import FluxErrors
from forestflux.jobs.stores.store import load_store
from forestflux.maps.tile_years import load_years
from forestflux.models.years.response import Response


@dataclass(frozen=True)
class ErrorModel:
    """Errors of the maps of one model.

    Attributes
    ----------
    components : of the errors of GPP, RECO and NEE
    response : of the model; None where years are taken to differ like positions. The errors of
        such differences are then in the other components only
    departures : departures store by the name of its tile; read where there is a response
    grid : of the maps
    """

    components: FluxErrors
    response: Response | None
    departures: Mapping[str, Path]
    grid: Grid

    @property
    def regressors(self) -> int:
        """Number of the departures that the response follows."""
        return 0 if self.response is None else len(self.response.scale)

    def read_departures(
        self, rows: slice, positions: np.ndarray, years: Sequence[int]
    ) -> np.ndarray:
        """Departures float32 (year, regressor, cell) of some cells, in the response's scale.

        Parameters
        ----------
        rows : block of rows of the grid
        positions : (cell,), positions in the block, row by row
        years : of which

        Raises
        ------
        InputError : a store is damaged or lacks a year
        """
        result = np.zeros((len(years), self.regressors, len(positions)), "float32")
        if self.response is None:
            return result
        for tile, own, inside, cells in self.locate(rows, positions):
            values = load_years(self.departures[tile.name], years, rows=own).values
            result[..., inside] = values[..., cells[0], cells[1]]
        return result / self.response.scale.astype("float32")[:, None]

    def read_temperature(self, rows: slice, positions: np.ndarray) -> np.ndarray:
        """Temperature of the mean year (cell,), C; NaN where unknown. Parameters as above."""
        result = np.full(len(positions), np.nan, "float32")
        if self.response is None:
            return result
        for tile, own, inside, cells in self.locate(rows, positions):
            store = load_store(self.departures[tile.name], ["temperature"], rows=own)
            result[inside] = store["temperature"].values[cells]
        return result

    def locate(
        self, rows: slice, positions: np.ndarray
    ) -> Iterator[tuple[Tile, slice, np.ndarray, tuple[np.ndarray, np.ndarray]]]:
        """Tiles of a block, their rows in it, which cells lie there, and where in these rows."""
        row, column = np.divmod(positions, self.grid.shape[1])
        row = row + rows.start
        for tile in self.grid.tiles():
            first, last = tile.rows, tile.columns
            start, stop = max(rows.start, first.start), min(rows.stop, first.stop)
            inside = (row >= start) & (row < stop)
            inside &= (column >= last.start) & (column < last.stop)
            if inside.any():
                own = slice(start - first.start, stop - first.start)
                yield (
                    *(tile, own, inside),
                    (row[inside] - start, column[inside] - last.start),
                )

    def response_covariance(self, flux: str) -> np.ndarray:
        """Covariance (regressor, regressor) of the coefficients of GPP, RECO or NEE."""
        if self.response is None:
            return np.zeros((0, 0))
        return self.response.flux_covariance(flux)
