"""Published months as they are used in Python: one lazy dataset with a step for each month."""

from pathlib import Path

import xarray as xr

from forestflux.core.calendars.months import MONTHS
from forestflux.core.input_errors import InputError
from forestflux.core.names import FLUXES, TARGET_FLUXES
from forestflux.publish.product_reading import find_years, join_times, read_dataset

# The half-widths tell months from a file for ILAMB, which has rates in other units.
NEEDED = (*FLUXES, *(f"{flux}_half_width" for flux in TARGET_FLUXES))


def open_months(path: Path | str, *, year: int | None = None) -> xr.Dataset:
    """The months of a product, opened lazily: values are read when they are asked for.

    Parameters
    ----------
    path : `results/RUN`, its `products`, the folder `months` in it, the folder of a year, or a
        `.zarr` or `.nc` file
    year : one of those in a folder; all of them where not given

    Returns
    -------
    gpp, reco, nee, gpp_half_width and nee_half_width (time, latitude, longitude), twelve months a
    year, g m-2 of carbon per m2 of forest ground, `nee` negative for uptake; forest_fraction and
    cell_area

    Raises
    ------
    InputError : there are no months, they lack a layer or cannot be read; no such year
    """
    stores = find_years(find_months(Path(path)))
    if year is not None and year not in stores:
        raise InputError(
            path,
            variable="year",
            expected=f"one of {', '.join(map(str, stores))}",
            found=str(year),
        )
    chosen = stores if year is None else {year: stores[year]}
    return join_times([read_months(store) for store in chosen.values()])


def find_months(path: Path) -> Path:
    """The folder of the months of a run or of its products; any other path as it is.

    Raises
    ------
    InputError : a run or its products have none
    """
    for products in (path / "products", path):
        if (products / "months").is_dir():
            return products / "months"
    if (path / "products").is_dir() or path.name == "products":
        raise no_months(path, found="products of years only")
    return path


def read_months(store: Path) -> xr.Dataset:
    """The months of a year; annual maps have the same names, and are refused.

    Raises
    ------
    InputError : they are not months, lack a layer or cannot be read
    """
    dataset = read_dataset(store, ("time", "time_bounds"))
    steps = dataset.sizes["time"]
    if steps != MONTHS or not set(NEEDED) <= set(dataset.data_vars):
        layers = ", ".join(map(str, dataset.data_vars))
        dataset.close()
        raise no_months(store, found=f"{steps} with {layers}")
    return dataset


def no_months(path: Path, *, found: str) -> InputError:
    """What is said where months are asked for and there are none."""
    return InputError(
        path,
        variable="months",
        expected=f"{MONTHS} steps a year with {', '.join(NEEDED)}, which a run with"
        " fluxes.months: true publishes",
        found=found,
    )
