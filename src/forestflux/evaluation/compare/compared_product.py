"""A product as it is compared: what it is, its grid and years, and its annual flux."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.core.grids.grid import ECCENTRICITY2, SEMI_MAJOR_M, zone_area
from forestflux.core.input_errors import InputError
from forestflux.evaluation.compare.compared_files import list_compared_files
from forestflux.evaluation.compare.flux_units import FluxUnit, parse_flux_unit
from forestflux.evaluation.compare.known_products import (
    Flux,
    Ground,
    KnownProduct,
    recognise,
)
from forestflux.evaluation.compare.product_axes import Axis, find_axes
from forestflux.evaluation.compare.product_files import (
    Packing,
    list_stamps,
    open_file,
    read_layer,
)
from forestflux.evaluation.compare.product_times import StepPart, divide_steps
from forestflux.jobs.settings.compare_settings import ComparedSettings

# Least share of a year that steps must cover, of a file and of each cell; one step of eight days
# may be missing, and what is missing counts as the mean of the rest.
LEAST_OF_YEAR = 0.97
# Cells with less land are left out where a flux of the cell is divided by its land.
LEAST_LAND = 0.1


@dataclass(frozen=True)
class ComparedProduct:
    """A product of which everything but its values is known.

    Attributes
    ----------
    name : as the configuration calls it
    title, source : as a reader knows it; empty where it is not known
    flux : `gpp`, `reco` or `nee`
    variable : that holds it
    unit : of its values
    sign : 1, or -1 where uptake is positive in its NEE
    stated : whether the configuration says the sign
    per : what its m2 is of
    land : variable with the share of a cell that is land; None where there is none
    valid : least and largest stored number, where the files say none
    grid : latitude and longitude
    years : parts of steps of each year that is covered
    """

    name: str
    title: str
    source: str
    flux: Flux
    variable: str
    unit: FluxUnit
    sign: int
    stated: bool
    per: Ground
    land: str | None
    valid: tuple[float, float] | None
    grid: tuple[Axis, Axis]
    years: dict[int, list[StepPart]]

    @property
    def resolution_deg(self) -> float:
        """Side of a cell along latitude, degrees."""
        return float(np.median(np.diff(self.grid[0].edges)))

    @property
    def files(self) -> list[Path]:
        """Its files in order of time."""
        return list(
            dict.fromkeys(p.path for parts in self.years.values() for p in parts)
        )

    def annual_flux(self, year: int, rows: slice) -> np.ndarray:
        """Flux (row, column) of a year, gC m-2 yr-1 of what `per` says, south to north.

        Negative NEE is uptake. Where values cover less than `LEAST_OF_YEAR`, it is NaN.

        Parameters
        ----------
        year : one of `years`
        rows : of the rising axis of latitude

        Raises
        ------
        InputError : a file cannot be read or has another grid
        """
        parts = self.years[year]
        shape = len(range(*rows.indices(self.grid[0].size))), self.grid[1].size
        total, days = np.zeros(shape), np.zeros(shape, "float32")
        for path, group in groupby(parts, key=lambda part: part.path):
            with open_file(path) as dataset:
                packing = Packing.of(dataset, self.variable, self.valid)
                for part in group:
                    stored = self.read(dataset, path, part.index, rows)
                    values = packing.decode(stored)
                    known = np.isfinite(values)
                    total += np.where(known, values, 0.0) * part.factor
                    days[known] += part.days
        year_days = parts[0].year_days
        enough = days >= LEAST_OF_YEAR * year_days
        total *= np.divide(
            self.sign * year_days, days, out=np.full(shape, np.nan), where=enough
        )
        if not self.unit.per_area:
            total /= cell_areas(self.grid, rows)
        return total

    def land_share(self, rows: slice) -> np.ndarray | None:
        """Share (row, column) of each cell that is land; None where no file says it."""
        if self.land is None:
            return None
        path = self.files[0]
        with open_file(path) as dataset:
            packing = Packing.of(dataset, self.land)
            stored = read_layer(
                dataset, self.land, index=0, rows=rows, grid=self.grid, path=path
            )
            return packing.decode(stored)

    def read(
        self, dataset: xr.Dataset, path: Path, index: int | None, rows: slice
    ) -> np.ndarray:
        """Stored numbers (row, column) of a step."""
        return read_layer(
            dataset, self.variable, index=index, rows=rows, grid=self.grid, path=path
        )


def cell_areas(grid: tuple[Axis, Axis], rows: slice) -> np.ndarray:
    """Areas (row, column) of cells of any height and width on the ellipsoid, m2."""
    polar2 = SEMI_MAJOR_M**2 * (1 - ECCENTRICITY2)
    heights = np.diff(zone_area(grid[0].edges))[rows]
    widths = np.radians(np.diff(grid[1].edges))
    return polar2 / 2 * np.outer(heights, widths)


def describe_product(name: str, settings: ComparedSettings) -> ComparedProduct:
    """What a product is, from its files and from what the configuration says of it.

    Parameters
    ----------
    name : as the configuration calls it
    settings : of this product

    Raises
    ------
    InputError : a file is missing or damaged or of another grid than the first; its variable is
        missing or not known; a unit, time or axis cannot be read
    """
    paths = list_compared_files(name, settings.files)
    with open_file(paths[0]) as dataset:
        known = choose_variable(name, settings, dataset, paths[0])
        grid = find_axes(dataset, known.variable, paths[0])
        unit = choose_unit(settings.unit, known, dataset, paths[0])
        land = known.land if known.land in dataset.variables else None
    stamps = []
    for path in paths:
        with open_file(path) as dataset:
            check_same(dataset, known.variable, grid, path=path, first=paths[0])
            stamps += list_stamps(path, dataset, known.variable, grid)
    uptake = settings.uptake or known.uptake
    return ComparedProduct(
        name=name,
        title=known.title,
        source=known.source,
        flux=known.flux,
        variable=known.variable,
        unit=unit,
        sign=-1 if known.flux == "nee" and uptake == "positive" else 1,
        stated=settings.uptake is not None,
        per=settings.per or known.per,
        land=land,
        valid=known.valid,
        grid=grid,
        years=covered_years(divide_steps(stamps, unit)),
    )


def choose_variable(
    name: str, settings: ComparedSettings, dataset: xr.Dataset, path: Path
) -> KnownProduct:
    """What is known of the variable that is compared.

    Raises
    ------
    InputError : it is not there, not known, or one of several
    """
    there = {str(variable) for variable in dataset.data_vars}
    listed = ", ".join(sorted(there)) or "none"
    if settings.variable is not None and settings.variable not in there:
        raise InputError(
            path,
            variable=settings.variable,
            expected="a variable of the file",
            found=f"only {listed}",
        )
    known = [
        entry
        for entry in recognise(there, path.name)
        if settings.variable in (None, entry.variable)
        and settings.flux in (None, entry.flux)
    ]
    if len(known) == 1:
        return known[0]
    if settings.variable is not None and settings.flux is not None:
        return KnownProduct("", settings.variable, settings.flux, "")
    missing = "flux" if known or settings.variable else "variable"
    several = ", ".join(f"{entry.variable} ({entry.flux})" for entry in known)
    raise InputError(
        path,
        variable=f"compare.{name}.{missing}",
        expected="one flux, which the configuration names where the file does not tell",
        found=f"several, {several}" if known else f"variables {listed}",
    )


def choose_unit(
    told: str | None, known: KnownProduct, dataset: xr.Dataset, path: Path
) -> FluxUnit:
    """The unit of a variable: that of the configuration, else of the file, else the known one.

    Raises
    ------
    InputError : there is none, or none of a carbon flux
    """
    text = told or str(dataset[known.variable].attrs.get("units", "")) or known.unit
    unit = parse_flux_unit(text or "")
    if unit is None:
        raise InputError(
            path,
            variable=f"{known.variable}, units",
            expected="a unit of a carbon flux, such as gC m-2 d-1 or kg m-2 s-1",
            found=f"'{text}'" if text else "none",
        )
    return unit


def check_same(
    dataset: xr.Dataset,
    variable: str,
    grid: tuple[Axis, Axis],
    *,
    path: Path,
    first: Path,
) -> None:
    """Refuse a file that lacks the variable or has another grid than the first one."""
    if variable not in dataset.variables:
        raise InputError(
            path,
            variable=variable,
            expected=f"a variable of the file, as in {first.name}",
            found=f"only {', '.join(map(str, dataset.data_vars)) or 'none'}",
        )
    for axis, own in zip(grid, find_axes(dataset, variable, path), strict=True):
        if axis.name != own.name or not axis.same_as(own):
            raise InputError(
                path,
                variable=own.name,
                expected=f"the {axis.size} cells of {first.name}",
                found=f"{own.size} cells from {own.edges[0]:.6g} to {own.edges[-1]:.6g}",
            )


def covered_years(parts: Sequence[StepPart]) -> dict[int, list[StepPart]]:
    """Parts of steps of each year that they cover."""
    years: dict[int, list[StepPart]] = defaultdict(list)
    for part in parts:
        years[part.year].append(part)
    return {
        year: own
        for year, own in sorted(years.items())
        if sum(part.days for part in own) >= LEAST_OF_YEAR * own[0].year_days
    }
