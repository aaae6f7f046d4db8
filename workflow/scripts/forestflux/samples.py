"""Samples: the training table and the series that stand for its rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Samples:
    """Six series of a year and what is known of it, one row per sample.

    Attributes
    ----------
    maps : float32 (sample, variable, step), physical values, NaN = gap
    table : one row per sample in the same order, columns as `docs/contracts.md`, samples
    variables : names along the axis `variable`
    """

    maps: np.ndarray
    table: pd.DataFrame
    variables: tuple[str, ...]

    def __len__(self) -> int:
        """Samples."""
        return len(self.table)

    def take(self, rows: np.ndarray) -> "Samples":
        """The samples of these rows (positions or a boolean mask), in their order."""
        positions = np.asarray(rows)
        if positions.dtype == bool:
            positions = np.flatnonzero(positions)
        positions = positions.astype(int)
        table = self.table.iloc[positions].reset_index(drop=True)
        return Samples(self.maps[positions], table, self.variables)
