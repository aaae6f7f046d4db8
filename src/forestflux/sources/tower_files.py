"""The source `files`: series of a user's own towers, from subsets and a table.

Subsets are native integers with their quality bits and follow the product table's column
`tower`, as the archive itself does. The table of eight-day steps holds physical values
in the units of the product table. A variable comes from the subsets where any tower has
it there, else from the table; what neither has is a gap. Nothing is filled.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.core.calendars import eight_day
from forestflux.core.grids.places import Place, TowerPlace
from forestflux.core.input_errors import InputError
from forestflux.core.names import LAND_COVER
from forestflux.core.product_tables.products import Product
from forestflux.jobs.settings.source_settings import EarthEngineSettings, SourceSettings
from forestflux.jobs.stages import upstream_stores
from forestflux.sources.predictor_table import (
    TableSeries,
    read_predictors,
    refuse_names,
)

TABLES = ("predictors_8day.parquet", "predictors_8day.csv")


def open_source(
    settings: SourceSettings,
    *,
    years: Sequence[int] = (),
    runtime: EarthEngineSettings | None = None,
    subsets: Path | None = None,
) -> "FilesSource":
    """The source that reads `towers.folder`, relative to the working directory."""
    folder = Path(settings.folder) if settings.folder else None
    return FilesSource(folder, subsets=subsets)


class FilesSource:
    """Series of a folder of tower tables (docs/how-to/own-towers.md) and of subsets.

    Parameters
    ----------
    folder : holds `sites.csv` and `predictors_8day.parquet` (or `.csv`); may lack the
        predictors where there are subsets
    subsets : manifest of the stage subsets (docs/how-to/modis-subsets.md)
    """

    def __init__(self, folder: Path | None, *, subsets: Path | None = None) -> None:
        """Remember where things are; nothing is read yet."""
        self.folder, self.subsets = folder, subsets

    def column(self, place: Place, variable: str) -> str | None:
        """Column of the product table: tower from subsets, table from the table, or None."""
        if variable in self._held:
            return "tower"
        return "table" if self._has_table and variable != LAND_COVER else None

    def prepare(
        self, products: Mapping[str, Product], work: Sequence[tuple[Place, int]]
    ) -> None:
        """Do nothing: the table is read once, when the first series is fetched."""

    def fetch(
        self, products: Mapping[str, Product], place: Place, year: int
    ) -> xr.Dataset:
        """Series of a tower group in one year (`docs/reference/stores.md`, extract).

        From the table 46 images (time_v, y_v, x_v) float32 per variable, one pixel a
        tower, NaN where the table has a gap; a tower without rows in the year is all
        NaN. From the subsets the images of the year.

        Parameters
        ----------
        products : by variable; the `band` of a product is its column in the user's table
        place : a group of towers

        Raises
        ------
        InputError : a tile, a tower that the table lacks, a table that
            `read_predictors` refuses, or subsets of other towers
        """
        if not isinstance(place, TowerPlace):
            raise InputError(
                "configuration",
                variable="source",
                expected="simulated or earthengine for tiles (files has towers only)",
                found=f"files, asked for tile {place.name}",
            )
        names = place.sites["site"].tolist()
        tabled = {k: v for k, v in products.items() if k not in self._held}
        held = [variable for variable in products if variable in self._held]
        parts = [self._from_subsets(held, names, year)] if held else []
        parts += [self._from_table(tabled, names, year)] if tabled else []
        return xr.merge(parts).assign_coords(
            site=("y", np.array(names, dtype=object)),
            lat=("y", place.latitudes),
            lon=("y", place.longitudes),
        )

    @cached_property
    def _held(self) -> xr.Dataset:
        """Images of the subsets of all years; nothing without subsets."""
        if self.subsets is None:
            return xr.Dataset()
        return upstream_stores(self.subsets).load("towers")

    @property
    def _has_table(self) -> bool:
        """Whether the folder gives predictors; without subsets it must."""
        if self.subsets is None:
            return True
        return self.folder is not None and any(
            (self.folder / name).is_file() for name in TABLES
        )

    def _from_subsets(
        self, variables: list[str], names: list[str], year: int
    ) -> xr.Dataset:
        if self._held["site"].values.tolist() != names:
            raise InputError(
                str(self.subsets),
                variable="site",
                expected="the towers of the run in their order",
                found="others",
            )
        return images_of(self._held, variables, year)

    def _from_table(
        self, products: Mapping[str, Product], names: list[str], year: int
    ) -> xr.Dataset:
        path = predictors_path(self.folder)
        series = tuple(
            TableSeries(name, p.extract.band, p.units, p.extract.median)
            for name, p in products.items()
        )
        modified = path.stat().st_mtime_ns
        read = read_predictors(path.resolve(), series, modified, path)
        refuse_names(
            set(names) - set(read["site"].values.tolist()),
            path,
            expected="predictors of each tower",
            found="none",
        )
        arrays, times = {}, eight_day.step_starts(year).astype("datetime64[ns]")
        for name in products:
            dims = (f"time_{name}", f"y_{name}", f"x_{name}")
            values = year_of(read[name], names=names, year=year)
            arrays[name] = (dims, values[:, :, None], {"units": products[name].units})
        return xr.Dataset(arrays, coords={f"time_{name}": times for name in products})


def images_of(held: xr.Dataset, variables: Sequence[str], year: int) -> xr.Dataset:
    """Images of one year of these variables, with their quality bands."""
    names = [n for v in variables for n in (v, f"{v}_quality") if n in held]
    part = held[names].drop_vars(["site", "lat", "lon"], errors="ignore")
    for variable in variables:
        inside = part[f"time_{variable}"].dt.year == year
        part = part.isel({f"time_{variable}": np.flatnonzero(inside)})
    return part


def year_of(series: xr.DataArray, *, names: list[str], year: int) -> np.ndarray:
    """One series for these towers in one year, float32 (step, tower), NaN = gap."""
    if year not in series["year"]:
        return np.full((eight_day.STEPS, len(names)), np.nan, "float32")
    return series.sel(site=names, year=year).transpose("step", "site").values


def predictors_path(folder: Path | None) -> Path:
    """The predictor table of a folder: Parquet, or CSV where there is no Parquet.

    Raises
    ------
    InputError : there is no folder or neither file
    """
    if folder is None:
        raise InputError(
            "configuration",
            variable="towers.folder",
            expected="a folder with a table of eight-day series",
            found="none",
        )
    for name in TABLES:
        if (folder / name).is_file():
            return folder / name
    raise InputError(
        folder,
        variable="predictors_8day.parquet",
        expected="a table of eight-day series (or predictors_8day.csv)",
        found="no such file" if folder.is_dir() else "no such folder",
    )
