"""Cells of a map that is finer than the page shows: small files beside it, read on demand.

A page that is opened from a folder may not fetch anything, but it may run a script that lies
beside it. So each file is a script with one call, `receiveCells(name, data)`, and its data
have the form of the map in the page: a small map of one square of cells.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forestflux.pages.explorer.display_grid import Display
from forestflux.pages.explorer.displayed_layers import (
    pack_change,
    pack_years,
    read_displayed_change,
    read_displayed_year,
)
from forestflux.pages.explorer.packed_arrays import pack_codes

# Cells along a side of a square: a screen full of cells takes about 50 of them.
SIDE = 128
CHANGE = "change"


@dataclass(frozen=True)
class Square:
    """A square of map cells, or what is left of one at the edges of the map.

    Attributes
    ----------
    row, column : of the square among the squares
    cells : where its cells are in rows of the map that begin with the square
    """

    row: int
    column: int
    cells: tuple[slice, slice]

    def select(self, layer: np.ndarray) -> np.ndarray:
        """Values of its cells, flat, from a layer of its rows (row, column)."""
        return layer[self.cells].ravel()


def write_fine_cells(
    years: Mapping[int, Path], change: Path, display: Display, *, folder: Path
) -> dict[str, object]:
    """Write the map's own cells as `{square}_{year}.js` and `{square}_change.js`.

    Some rows of one map are in memory at a time. Squares without forest have no file.

    Parameters
    ----------
    years : maps of the years whose cells are kept
    change : store of the change
    display : the displayed grid, of blocks
    folder : of the files, which is there

    Returns
    -------
    What the page knows of them: `folder` beside it, `shape` of the map and `side` of a
    square in cells, `years`, and `squares`, the names of those with files
    """
    own = Display(display.grid, 1)
    written: set[str] = set()
    for rows, squares in list_squares(display.grid.shape):
        for year, store in years.items():
            layers = read_displayed_year(store, own, rows=rows)
            for square in squares:
                forest = square.select(layers["forest_fraction"]) > 0
                if forest.any():
                    part = {
                        name: square.select(v)[forest] for name, v in layers.items()
                    }
                    annual = pack_years([part], lambda values: values)
                    data = {"years": [year], "annual": annual}
                    write_square(folder, square, str(year), data, forest)
                    written.add(f"{square.row}_{square.column}")
        layers = read_displayed_change(change, own, rows=rows)
        for square in squares if layers else ():
            part = {name: square.select(v) for name, v in layers.items()}
            known = np.any([np.isfinite(v) for v in part.values()], axis=0)
            if known.any():
                packed = {name: pack_change(name, v[known]) for name, v in part.items()}
                data = {"years": [], "change": packed}
                write_square(folder, square, CHANGE, data, known)
                written.add(f"{square.row}_{square.column}")
    return {
        "folder": folder.name,
        "shape": display.grid.shape,
        "side": SIDE,
        "years": list(years),
        "squares": sorted(written),
    }


def list_squares(shape: tuple[int, int]) -> Iterator[tuple[slice, list[Square]]]:
    """Rows of the map from the north, and the squares in them."""
    for row in range(math.ceil(shape[0] / SIDE)):
        rows = slice(row * SIDE, min((row + 1) * SIDE, shape[0]))
        yield (
            rows,
            [
                Square(
                    row,
                    column,
                    (slice(None), slice(column * SIDE, (column + 1) * SIDE)),
                )
                for column in range(math.ceil(shape[1] / SIDE))
            ],
        )


def write_square(
    folder: Path, square: Square, kind: str, data: dict, known: np.ndarray
) -> None:
    """Write one file; `known` says which cells of the square its layers have, flat."""
    name = f"{square.row}_{square.column}_{kind}"
    text = json.dumps(
        data | {"known": pack_codes(known)}, separators=(",", ":"), allow_nan=False
    )
    (folder / f"{name}.js").write_text(f'receiveCells("{name}",{text});\n')
