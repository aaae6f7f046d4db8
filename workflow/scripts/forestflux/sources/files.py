"""The source `files`: series of a user's own towers, from a table of eight-day steps.

The table holds physical values in the units of `forestflux.names`; gaps are empty.
Nothing is filled.
"""

from pathlib import Path

import numpy as np
import xarray as xr

from forestflux import calendar
from forestflux.errors import InputError
from forestflux.names import UNITS
from forestflux.places import Place, TowerPlace
from forestflux.predictors import read_predictors, refuse_names


def open_source(settings: dict) -> "FilesSource":
    """The source that reads `towers.folder`, relative to the working directory."""
    return FilesSource(Path(settings["towers"]["folder"]))


class FilesSource:
    """Predictor series of a folder of tower tables (docs/own-data.md).

    Parameters
    ----------
    folder : holds `sites.csv` and `predictors_8day.parquet` (or `.csv`)
    """

    def __init__(self, folder: Path) -> None:
        """Remember the folder; nothing is read yet."""
        self.folder = folder

    def variant(self, place: Place) -> str:
        """Column of the product table: the values are physical already."""
        return "table"

    def prepare(self, products: dict[str, dict], work: list[tuple[Place, int]]) -> None:
        """Nothing: the table is read once, when the first series is fetched."""

    def fetch(self, products: dict[str, dict], place: Place, year: int) -> xr.Dataset:
        """Series of a tower group in one year (`docs/contracts.md`, extract).

        Per variable 46 images (time_v, y_v, x_v) float32, one pixel a tower, NaN where
        the table has a gap; a tower without rows in the year is all NaN.

        Parameters
        ----------
        products : the `extract` section by variable; `band` is the column of the table
        place : a group of towers

        Raises
        ------
        InputError : a tile, a tower that the table lacks, or a table that
            `read_predictors` refuses
        """
        if not isinstance(place, TowerPlace):
            raise InputError(
                "configuration",
                variable="source",
                expected="simulated or earthengine for tiles (files has towers only)",
                found=f"files, asked for tile {place.name}",
            )
        bands = tuple((name, section["band"]) for name, section in products.items())
        series = self._series(bands)
        names = place.sites["site"].tolist()
        refuse_names(
            set(names) - set(series["site"].values.tolist()),
            predictors_path(self.folder),
            expected="predictors of each tower",
            found="none",
        )
        arrays, times = {}, calendar.step_starts(year).astype("datetime64[ns]")
        for variable, _ in bands:
            dims = (f"time_{variable}", f"y_{variable}", f"x_{variable}")
            values = year_of(series[variable], names=names, year=year)
            arrays[variable] = (dims, values[:, :, None], {"units": UNITS[variable]})
        return xr.Dataset(
            arrays,
            coords={
                **{f"time_{variable}": times for variable, _ in bands},
                "site": ("y", np.array(names, dtype=object)),
                "lat": ("y", place.latitudes),
                "lon": ("y", place.longitudes),
            },
        )

    def _series(self, bands: tuple[tuple[str, str], ...]) -> xr.Dataset:
        path = predictors_path(self.folder)
        return read_predictors(path.resolve(), bands, path.stat().st_mtime_ns, path)


def year_of(series: xr.DataArray, *, names: list[str], year: int) -> np.ndarray:
    """One series for these towers in one year, float32 (step, tower), NaN = gap."""
    if year not in series["year"]:
        return np.full((calendar.STEPS, len(names)), np.nan, "float32")
    return series.sel(site=names, year=year).transpose("step", "site").values


def predictors_path(folder: Path) -> Path:
    """The predictor table of a folder: Parquet, or CSV where there is no Parquet.

    Raises
    ------
    InputError : there is no folder or neither file
    """
    for name in ("predictors_8day.parquet", "predictors_8day.csv"):
        if (folder / name).is_file():
            return folder / name
    raise InputError(
        folder,
        variable="predictors_8day.parquet",
        expected="a table of eight-day series (or predictors_8day.csv)",
        found="no such file" if folder.is_dir() else "no such folder",
    )
