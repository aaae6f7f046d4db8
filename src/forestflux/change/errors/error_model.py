"""What is known of the errors of the maps: components, response, and departures of the cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forestflux.core.grid import Grid
from forestflux.ensemble.errors.error_components import FluxErrors
from forestflux.maps.tile_years import load_years
from forestflux.models.years.response import Response


@dataclass(frozen=True)
class ErrorModel:
    """Errors of the maps of one model.

    Attributes
    ----------
    components : of the errors of GPP, RECO and NEE
    response : of the model; None where years are taken to differ like places. The errors of
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
        self, rows: slice, places: np.ndarray, years: Sequence[int]
    ) -> np.ndarray:
        """Departures float32 (year, regressor, cell) of some cells, in the response's scale.

        Parameters
        ----------
        rows : block of rows of the grid
        places : (cell,), positions in the block, row by row
        years : of which

        Raises
        ------
        InputError : a store is damaged or lacks a year
        """
        result = np.zeros((len(years), self.regressors, len(places)), "float32")
        if self.response is None:
            return result
        row, column = np.divmod(places, self.grid.shape[1])
        for tile in self.grid.tiles():
            start, stop = (
                max(rows.start, tile.rows.start),
                min(rows.stop, tile.rows.stop),
            )
            inside = (
                (row + rows.start >= start)
                & (row + rows.start < stop)
                & (column >= tile.columns.start)
                & (column < tile.columns.stop)
            )
            if not inside.any():
                continue
            own = slice(start - tile.rows.start, stop - tile.rows.start)
            values = load_years(self.departures[tile.name], years, rows=own).values
            result[..., inside] = values[
                ...,
                row[inside] + rows.start - start,
                column[inside] - tile.columns.start,
            ]
        return result / self.response.scale.astype("float32")[:, None]

    def response_covariance(self, flux: str) -> np.ndarray:
        """Covariance (regressor, regressor) of the coefficients of GPP, RECO or NEE."""
        if self.response is None:
            return np.zeros((0, 0))
        return self.response.flux_covariance(flux)
