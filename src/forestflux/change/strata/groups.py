"""Groups of cells, from whose sums those of all strata follow."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from forestflux.change.map_cells import YearCells
from forestflux.core.names import FOREST_TYPES


@dataclass(frozen=True)
class Groups:
    """Cells of a block that share all strata but the forest type, with equal shares.

    Sums are computed once for each group and type, and then added up to the strata.

    Attributes
    ----------
    cell_group : (cell,) group of every cell of the block, row by row
    membership : (stratum, group), share of the area of the group's cells that is part of the
        stratum, mostly 0 or 1; types have 0.
        Sparse, because a user may have tens of thousands of regions
    types : positions of the forest types among the strata
    """

    cell_group: np.ndarray
    membership: sparse.csr_array
    types: slice

    def sum_strata(self, sums: np.ndarray) -> np.ndarray:
        """Sums of strata (..., stratum) from sums of groups (..., group, type)."""
        result = self.add_up(sums.sum(axis=-1))
        result[..., self.types] = sums.sum(axis=-2)
        return result

    def add_up(self, sums: np.ndarray) -> np.ndarray:
        """Sums of strata (..., stratum) from sums of groups (..., group); of types 0."""
        strata, groups = self.membership.shape
        rows = self.membership @ sums.reshape(-1, groups).T
        return np.ascontiguousarray(rows.T).reshape(*sums.shape[:-1], strata)

    def count_cells(self, counts: np.ndarray) -> np.ndarray:
        """Cells of strata (stratum,) from cells of groups; one in several counts in each."""
        return (self.membership > 0).astype(int) @ counts


def number_groups(cells: YearCells, groups: Groups) -> np.ndarray:
    """Number (cell,) of the group and forest type of each cell of a year."""
    group = groups.cell_group[cells.position]
    return group * len(FOREST_TYPES) + cells.forest_type - 1
