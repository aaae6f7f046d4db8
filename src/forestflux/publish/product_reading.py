"""A finished product as it is used in Python: one lazy dataset, ready for a map or a question."""

import re
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.core.input_errors import InputError
from forestflux.core.layers import LAYERS
from forestflux.publish.region_answer import RegionAnswer, answer_region

YEAR_FOLDER = re.compile(r"\d{4}")
# In this order: the first that a year's folder has is opened.
KINDS = (".zarr", ".nc")
EXPECTED = "a run's folder of products, a year's folder in it, a .zarr or a .nc file"
# Where a dataset keeps the path of its product; it is in no file that is written of it.
PLACE = "forestflux_product"


class FluxDataset(xr.Dataset):
    """The dataset of a product, which also answers for regions."""

    __slots__ = ()

    @classmethod
    def of_product(cls, opened: Sequence[xr.Dataset], path: Path) -> "FluxDataset":
        """The years of a product as one; a single one has no axis of time."""
        joined = join_times(opened)
        if len(opened) == 1:
            # A time of length one would make a histogram of what should be a map.
            joined = joined.squeeze("time")
        dataset = cls(joined.data_vars, joined.coords, joined.attrs)
        dataset.encoding = {PLACE: path}
        files = ExitStack()
        for each in opened:
            files.callback(each.close)
        dataset.set_close(files.close)
        return dataset

    def region(
        self, name: str, *, year: int | None = None, kind: str | None = None
    ) -> RegionAnswer:
        """What the run says of a region: totals, means, change and trend with intervals.

        Parameters
        ----------
        name : a country by name or ISO code, a continent, latitude band or forest type, a
            region of `change.regions`, or `all`
        year : of the printed text; the last one of the product where not given
        kind : `country`, `region`, ... where two kinds have one name

        Raises
        ------
        InputError : the product does not lie in the folder of its run; no region or several
            are meant, with the near names; the year is not mapped
        """
        path = self.encoding.get(PLACE)
        if path is None:
            raise InputError(
                "dataset",
                variable="region",
                expected="to be asked of what open_product gives",
                found="a dataset that was computed from it",
            )
        last = int(np.atleast_1d(self["time"].dt.year)[-1])
        about = {str(key): str(text) for key, text in self.attrs.items()}
        year = last if year is None else year
        return answer_region(path, name, year=year, kind=kind, about=about)


def open_product(path: Path | str, *, year: int | None = None) -> FluxDataset:
    """The layers of a product, opened lazily: values are read when they are asked for.

    Cells without a value are NaN, in flags too.

    Parameters
    ----------
    path : `results/RUN`, its `products`, the folder of a year, or a `.zarr` or `.nc` file
    year : one of those in a folder; all of them where not given

    Returns
    -------
    layers (latitude, longitude), or (time, latitude, longitude) of several years, north to
    south; fluxes in g m-2 yr-1 of carbon per m2 of forest ground, `nee` negative for uptake;
    `cell_area` (latitude, longitude) in m2. `.region("Finland")` answers for a region

    Raises
    ------
    InputError : there is no product, it lacks a layer or cannot be read; no such year
    """
    stores = find_years(Path(path))
    if year is not None and year in stores:
        stores = {year: stores[year]}
    elif year is not None:
        raise InputError(
            path,
            variable="year",
            expected=f"one of {', '.join(map(str, stores))}",
            found=str(year),
        )
    opened = [open_year(store) for store in stores.values()]
    return FluxDataset.of_product(opened, Path(path))


def find_years(path: Path) -> dict[int, Path]:
    """The Zarr store or NetCDF file of each year below a path, years rising.

    Raises
    ------
    InputError : there is none
    """
    if path.suffix in KINDS:
        if not path.exists():
            raise InputError(
                path, variable="product", expected=EXPECTED, found="nothing"
            )
        return {year_in_name(path): path}
    folder = path / "products" if (path / "products").is_dir() else path
    folders = [folder, *(folder.iterdir() if folder.is_dir() else ())]
    years = (each for each in folders if YEAR_FOLDER.fullmatch(each.name))
    found = {int(each.name): product_of(each) for each in sorted(years)}
    stores = {year: store for year, store in found.items() if store is not None}
    if not stores:
        there = "no year in it" if path.is_dir() else "no such folder"
        raise InputError(path, variable="product", expected=EXPECTED, found=there)
    return stores


def year_in_name(path: Path) -> int:
    """Year at the end of the name of a file, 0 where the file was renamed."""
    digits = re.search(r"(\d{4})$", path.stem)
    return int(digits[1]) if digits else 0


def product_of(folder: Path) -> Path | None:
    """Zarr store of a year's folder, else its NetCDF file; None where there is neither."""
    found = (path for kind in KINDS for path in sorted(folder.glob(f"*{kind}")))
    return next(found, None)


def open_year(path: Path) -> xr.Dataset:
    """The dataset (time, latitude, longitude) of one year, lazy."""
    return read_dataset(path, (*LAYERS, "time"))


def join_times(datasets: Sequence[xr.Dataset]) -> xr.Dataset:
    """Years or months of one grid, one after the other along `time`."""
    return xr.concat(
        datasets,
        dim="time",
        data_vars="minimal",
        coords="minimal",
        compat="override",
        join="exact",
        combine_attrs="drop_conflicts",
    )


def read_dataset(path: Path, names: Iterable[str]) -> xr.Dataset:
    """The dataset of a Zarr store or NetCDF file, lazy.

    Parameters
    ----------
    names : of variables that must be there

    Raises
    ------
    InputError : it cannot be read, or lacks one of them
    """
    engine = "zarr" if path.suffix == ".zarr" else "netcdf4"
    try:
        dataset = xr.open_dataset(path, engine=engine, chunks={})
    except Exception as error:
        raise InputError(
            path, variable="product", expected=EXPECTED, found=str(error)
        ) from error
    missing = [name for name in names if name not in dataset.variables]
    if missing:
        raise InputError(
            path,
            variable=missing[0],
            expected="a layer of a product, as `results/RUN/products` has it",
            found=f"only {', '.join(map(str, dataset.variables))}",
        )
    return dataset
