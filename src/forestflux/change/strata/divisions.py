"""The ways to divide the forest into strata, and sums over all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from scipy import sparse

from forestflux.change.change_schemas import OUTSIDE as OUTSIDE
from forestflux.change.strata.country_strata import cut_countries, label_countries
from forestflux.change.strata.groups import Groups
from forestflux.change.strata.latitude_bands import label_bands
from forestflux.change.strata.run_regions import RunRegion
from forestflux.core.climates import CLIMATES, climate_of
from forestflux.core.input_errors import InputError
from forestflux.core.names import FOREST_TYPES
from forestflux.core.regions.cell_shares import ROUNDING, CellShares, share_cells
from forestflux.core.regions.countries import CONTINENTS
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
    areas: Sequence[NamedArea] = (),
) -> list[Division]:
    """All divisions of a grid, in the order of the tables (docs/reference/tables.md, change).

    In a run with a region strata have their share of the part of a cell that lies in it: those
    of countries as well, which otherwise have the cells whose centres they hold.

    Parameters
    ----------
    latitudes, longitudes : centres of the grid's cells, degrees
    bands : latitude bands
    regions : the user's polygons
    region_name : the property that names one of them
    areas : of the run's region; they are the regions where the user has no others

    Raises
    ------
    InputError : the regions are not as they must be
    """
    shape = len(latitudes), len(longitudes)

    def fill_rows(labels: np.ndarray) -> np.ndarray:
        return np.broadcast_to(labels[:, None].astype("uint8"), shape)

    climate = np.array([CLIMATES.index(name) for name in climate_of(latitudes)])
    region = RunRegion.of(areas, latitudes, longitudes) if areas else None
    divisions = [
        Division("all", ("all",), fill_rows(0 * climate)),
        Division("type", FOREST_TYPES),
        Division(
            "band",
            tuple(band.name for band in bands),
            fill_rows(label_bands(latitudes, bands)),
        ),
        Division("climate", CLIMATES, fill_rows(climate)),
        *divide_by_countries(latitudes, longitudes, region),
    ]
    if regions is not None:
        areas = read_regions(regions, name=region_name)
    if areas:
        shares = share_cells(
            areas if region is None else region.cut(areas), latitudes, longitudes
        )
        divisions.append(divide_by_regions(areas, regions or "region", shares, region))
    return [*divisions, Division("forest_change", (*FOREST_CHANGES, OUTSIDE))]


def divide_by_countries(
    latitudes: np.ndarray, longitudes: np.ndarray, region: RunRegion | None
) -> list[Division]:
    """Continents and countries: by the centres of cells, or by shares within a region."""
    countries, country, continent = label_countries(latitudes, longitudes)
    names, codes = zip(*countries, strict=True)
    country_names, continent_names = (*names, OUTSIDE), (*CONTINENTS, OUTSIDE)
    if region is None:
        return [
            Division("continent", continent_names, continent),
            Division("country", country_names, country, (*codes, "")),
        ]
    pieces, country_of, continent_of = cut_countries(countries, region)
    shares = share_cells(pieces, latitudes, longitudes)
    divided = partial(merge_shares, shares, region=region)
    return [
        divided(continent_of, continent_names, kind="continent"),
        divided(country_of, country_names, kind="country", codes=(*codes, "")),
    ]


def divide_by_regions(
    areas: Sequence[NamedArea],
    source: Path | str,
    shares: CellShares,
    region: RunRegion | None,
) -> Division:
    """Regions by name; areas of one name are one region.

    Parameters
    ----------
    areas : in order
    source : where they come from, for the error
    shares : of the cells in them, in those of the run's region if it has one
    """
    names = tuple(dict.fromkeys(area.name for area in areas))
    if OUTSIDE in names:
        raise InputError(
            source,
            variable="regions",
            expected=f"names other than {OUTSIDE}, which means outside all of them",
            found=OUTSIDE,
        )
    number = {name: position for position, name in enumerate(names)}
    position = np.array([number[area.name] for area in areas])
    return merge_shares(
        shares, position, (*names, OUTSIDE), kind="region", region=region
    )


def merge_shares(
    shares: CellShares,
    position: np.ndarray,
    names: tuple[str, ...],
    *,
    kind: str,
    codes: tuple[str, ...] = (),
    region: RunRegion | None = None,
) -> Division:
    """A division by the shares of cells in areas, of which several may be one stratum.

    Parameters
    ----------
    shares : of the cells of the grid
    position : position in the names of each area (area,)
    names : of the strata, the last one for what lies in none of the others
    region : of the run, if it has one: shares become those of the part of a cell within it
    """
    count, last = len(position), len(names) - 1
    merged = sparse.csr_array(
        (np.ones(count), (np.arange(count), position)), shape=(count, last)
    )
    inside = shares.parts @ merged
    if region is not None:
        part = region.share[shares.codes > count]
        weight = 1 / np.where(part > 0, part, 1)  # 0 where rounding left nothing
        inside = sparse.csr_array(sparse.diags_array(weight) @ inside)
    rest = 1 - inside.sum(axis=1)
    rest = np.where(rest > ROUNDING, rest, 0.0)
    parts = sparse.csr_array(sparse.hstack([inside, sparse.csr_array(rest[:, None])]))
    parts.eliminate_zeros()
    labels = np.concatenate([position, [last], len(names) + np.arange(parts.shape[0])])
    return Division(
        kind, names, labels.astype("int32")[shares.codes], codes, parts=parts
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
