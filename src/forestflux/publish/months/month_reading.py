"""Published months as they are used in Python: one lazy dataset with a step for each month."""

from pathlib import Path

import xarray as xr

from forestflux.core.input_errors import InputError
from forestflux.core.names import FLUXES
from forestflux.publish.product_reading import (
    KINDS,
    find_years,
    join_times,
    read_dataset,
)


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
    folder = Path(path)
    for below in ("products/months", "months"):
        if folder.suffix not in KINDS and (folder / below).is_dir():
            folder = folder / below
            break
    stores = find_years(folder)
    if year is not None and year not in stores:
        raise InputError(
            path,
            variable="year",
            expected=f"one of {', '.join(map(str, stores))}",
            found=str(year),
        )
    chosen = stores if year is None else {year: stores[year]}
    datasets = [
        read_dataset(store, (*FLUXES, "time", "time_bounds"))
        for store in chosen.values()
    ]
    return join_times(datasets)
