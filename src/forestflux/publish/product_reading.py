"""A finished product as it is used in Python: one lazy dataset, ready for a map."""

import re
from collections.abc import Iterable
from pathlib import Path

import xarray as xr

from forestflux.core.errors import InputError
from forestflux.core.layers import LAYERS

YEAR_FOLDER = re.compile(r"\d{4}")
# In this order: the first that a year's folder has is opened.
KINDS = (".zarr", ".nc")
EXPECTED = "a run's folder of products, a year's folder in it, a .zarr or a .nc file"


def open_product(path: Path | str, *, year: int | None = None) -> xr.Dataset:
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
    `cell_area` (latitude, longitude) in m2

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
    datasets = [open_year(store) for store in stores.values()]
    if len(datasets) == 1:
        # A time of length one would make a histogram of what should be a map.
        return datasets[0].squeeze("time")
    return xr.concat(
        datasets,
        dim="time",
        data_vars="minimal",
        coords="minimal",
        compat="override",
        join="exact",
        combine_attrs="drop_conflicts",
    )


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
