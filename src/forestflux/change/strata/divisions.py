"""The ways to divide the forest into strata, and sums over all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from forestflux.change.change_schemas import OUTSIDE as OUTSIDE
from forestflux.change.strata.countries import CONTINENTS, label_countries
from forestflux.change.strata.groups import Groups
from forestflux.change.strata.latitude_bands import label_bands
from forestflux.core.climates import CLIMATES, climate_of
from forestflux.core.errors import InputError
from forestflux.core.names import FOREST_TYPES
from forestflux.core.regions.cell_shares import ROUNDING, share_cells
from forestflux.core.regions.region_cells import NamedArea
from forestflux.core.regions.region_file import read_regions
from forestflux.jobs.settings.change_settings import LatitudeBandSettings

FOREST_CHANGES = ("stable", "loss", "gain")


@dataclass(frozen=True)
class Division:
    """One way to divide the forest.

    Attributes
    ----------
    kind : as it stands in the tables
    names : of the strata
    labels : position in the names (y, x); None where the years decide: the forest type
        is that of the year, the change of the forest that of the pair. Labels beyond the
        names number the rows of `parts`
    codes : of the strata, empty where they have none
    parts : (part cell, name), share of the area of cells that lie in several strata, 0-1;
        None where each cell lies in one
    """

    kind: str
    names: tuple[str, ...]
    labels: np.ndarray | None = None
    codes: tuple[str, ...] = ()
    parts: sparse.csr_array | None = None

    def weigh_labels(self) -> sparse.csr_array:
        """Share (label, name) of a cell with a label that belongs to each stratum, 0-1."""
        own = sparse.eye_array(len(self.names), format="csr")
        if self.parts is None:
            return own
        return sparse.vstack([own, self.parts], format="csr")


def divide_grid(
    latitudes: np.ndarray,
    longitudes: np.ndarray,
    *,
    bands: Sequence[LatitudeBandSettings],
    regions: Path | None = None,
    region_name: str = "name",
) -> list[Division]:
    """All divisions of a grid, in the order of the tables (docs/reference/tables.md, change).

    Parameters
    ----------
    latitudes, longitudes : centres of the grid's cells, degrees
    bands : latitude bands
    regions : the user's polygons
    region_name : the property that names one of them

    Raises
    ------
    InputError : the regions are not as they must be
    """
    shape = len(latitudes), len(longitudes)

    def fill_rows(labels: np.ndarray) -> np.ndarray:
        return np.broadcast_to(labels[:, None].astype("uint8"), shape)

    climate = np.array([CLIMATES.index(name) for name in climate_of(latitudes)])
    countries, country, continent = label_countries(latitudes, longitudes)
    names, codes = zip(*countries, strict=True)
    divisions = [
        Division("all", ("all",), fill_rows(0 * climate)),
        Division("type", FOREST_TYPES),
        Division(
            "band",
            tuple(band.name for band in bands),
            fill_rows(label_bands(latitudes, bands)),
        ),
        Division("climate", CLIMATES, fill_rows(climate)),
        Division("continent", (*CONTINENTS, OUTSIDE), continent),
        Division("country", (*names, OUTSIDE), country, (*codes, "")),
    ]
    if regions is not None:
        areas = read_regions(regions, name=region_name)
        divisions.append(divide_by_regions(areas, regions, latitudes, longitudes))
    return [*divisions, Division("forest_change", (*FOREST_CHANGES, OUTSIDE))]


def divide_by_regions(
    areas: list[NamedArea], file: Path, latitudes: np.ndarray, longitudes: np.ndarray
) -> Division:
    """The user's regions; features of one name are one region."""
    names = tuple(dict.fromkeys(area.name for area in areas))
    if OUTSIDE in names:
        raise InputError(
            file,
            variable="regions",
            expected=f"names other than {OUTSIDE}, which means outside all of them",
            found=OUTSIDE,
        )
    number = {name: position for position, name in enumerate(names)}
    position = np.array([number[area.name] for area in areas])
    shares = share_cells(areas, latitudes, longitudes)
    merged = sparse.csr_array(
        (np.ones(len(areas)), (np.arange(len(areas)), position)),
        shape=(len(areas), len(names)),
    )
    inside = shares.parts @ merged
    rest = 1 - inside.sum(axis=1)
    rest = np.where(rest > ROUNDING, rest, 0.0)
    parts = sparse.csr_array(sparse.hstack([inside, sparse.csr_array(rest[:, None])]))
    parts.eliminate_zeros()
    labels = np.concatenate(
        [position, [len(names)], len(names) + 1 + np.arange(parts.shape[0])]
    )
    return Division(
        "region", (*names, OUTSIDE), labels.astype("int32")[shares.codes], parts=parts
    )


def list_strata(divisions: list[Division]) -> list[tuple[str, str, str]]:
    """Name, kind and code of every stratum, in the order of the sums."""
    return [
        (name, division.kind, code)
        for division in divisions
        for name, code in zip(
            division.names, division.codes or ("",) * len(division.names), strict=True
        )
    ]


def group_cells(
    divisions: list[Division], rows: slice, forest_change: np.ndarray
) -> Groups:
    """The groups of a block of rows.

    Parameters
    ----------
    divisions : of the whole grid
    rows : rows of the block
    forest_change : position in the names of that division (y, x), of the block
    """
    # The labels of all divisions become the digits of one number.
    combined = np.zeros(forest_change.size, "int64")
    for division in divisions:
        if division.kind != "type":
            labels = block_labels(division, rows, forest_change)
            combined = combined * count_labels(division) + labels
    values, cell_group = np.unique(combined, return_inverse=True)
    blocks: list[sparse.csr_array] = []
    for division in reversed(divisions):
        block = sparse.csr_array((len(division.names), len(values)))
        if division.kind != "type":
            values, label = np.divmod(values, count_labels(division))
            block = division.weigh_labels()[label].T
        blocks.insert(0, block)
    kinds = [division.kind for division in divisions]
    first = sum(len(d.names) for d in divisions[: kinds.index("type")])
    types = slice(first, first + len(FOREST_TYPES))
    return Groups(cell_group.ravel(), sparse.vstack(blocks, format="csr"), types)


def count_labels(division: Division) -> int:
    """How many labels a division has: names and cells of which several have parts."""
    return len(division.names) + (
        0 if division.parts is None else division.parts.shape[0]
    )


def block_labels(
    division: Division, rows: slice, forest_change: np.ndarray
) -> np.ndarray:
    """Labels of a block's cells (cell,)."""
    if division.labels is None:
        return forest_change.ravel()
    return division.labels[rows].ravel()


def count_grid_cells(divisions: list[Division]) -> np.ndarray:
    """Cells of the grid, forest or not, in each stratum (stratum,); 1 where years decide.

    A cell that lies in several counts in each.
    """
    counts = []
    for division in divisions:
        if division.labels is None:
            counts.append(np.ones(len(division.names), int))
            continue
        length = count_labels(division)
        cells = np.bincount(division.labels.ravel(), minlength=length)
        counts.append((division.weigh_labels() > 0).T.astype(int) @ cells)
    return np.concatenate(counts)
