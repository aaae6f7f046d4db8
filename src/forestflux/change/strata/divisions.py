"""The ways to divide the forest into strata, and sums over all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from forestflux.change.strata.countries import CONTINENTS, label_countries
from forestflux.change.strata.groups import Groups
from forestflux.change.strata.latitude_bands import label_bands
from forestflux.core.climates import CLIMATES, climate_of
from forestflux.core.errors import InputError
from forestflux.core.names import FOREST_TYPES
from forestflux.core.regions.region_cells import NamedArea, code_type, rasterise_areas
from forestflux.core.regions.region_file import read_regions
from forestflux.jobs.settings.change_settings import LatitudeBandSettings

FOREST_CHANGES = ("stable", "loss", "gain")
# The stratum of what lies outside all others of its kind.
OUTSIDE = "none"


@dataclass(frozen=True)
class Division:
    """One way to divide the forest.

    Attributes
    ----------
    kind : as it stands in the tables
    names : of the strata
    labels : position in the names (y, x); None where the years decide: the forest type
        is that of the year, the change of the forest that of the pair
    codes : of the strata, empty where they have none
    """

    kind: str
    names: tuple[str, ...]
    labels: np.ndarray | None = None
    codes: tuple[str, ...] = ()


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
    InputError : the regions hold no cell's centre, or are not as they must be
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
    area_position = rasterise_areas(areas, latitudes, longitudes)
    if (area_position == len(areas)).all():
        raise InputError(
            file,
            variable="regions",
            expected="polygons that hold the centre of some cell of the grid",
            found=f"none among {len(areas)}",
        )
    number = {name: position for position, name in enumerate(names)}
    lookup = [*(number[area.name] for area in areas), len(names)]
    labels = np.array(lookup, code_type(len(names)))[area_position]
    return Division("region", (*names, OUTSIDE), labels)


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
            combined = combined * len(division.names) + labels
    values, cell_group = np.unique(combined, return_inverse=True)
    groups = np.arange(len(values))
    blocks: list[sparse.csr_array] = []
    for division in reversed(divisions):
        shape = len(division.names), len(values)
        block = sparse.csr_array(shape)
        if division.kind != "type":
            values, label = np.divmod(values, len(division.names))
            block = sparse.csr_array((np.ones(len(label)), (label, groups)), shape)
        blocks.insert(0, block)
    kinds = [division.kind for division in divisions]
    first = sum(len(d.names) for d in divisions[: kinds.index("type")])
    types = slice(first, first + len(FOREST_TYPES))
    return Groups(cell_group.ravel(), sparse.vstack(blocks, format="csr"), types)


def block_labels(
    division: Division, rows: slice, forest_change: np.ndarray
) -> np.ndarray:
    """Labels of a block's cells (cell,)."""
    if division.labels is None:
        return forest_change.ravel()
    return division.labels[rows].ravel()


def count_grid_cells(divisions: list[Division]) -> np.ndarray:
    """Cells of the grid, forest or not, in each stratum (stratum,); 1 where years decide."""
    counts = []
    for division in divisions:
        length = len(division.names)
        if division.labels is None:
            counts.append(np.ones(length, int))
        else:
            counts.append(np.bincount(division.labels.ravel(), minlength=length))
    return np.concatenate(counts)
