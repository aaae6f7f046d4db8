"""A year's product: Zarr, NetCDF, GeoTIFF, STAC item, provenance, checksums.

The folder of a product appears whole or not at all.
"""

import logging
import os
import shutil
from collections.abc import Hashable
from pathlib import Path
from typing import Any, Literal

import dask
import numpy as np
import pystac
import xarray as xr

from forestflux.core.input_errors import InputError
from forestflux.jobs.manifests import manifest_path
from forestflux.jobs.small_files import read_json, write_json
from forestflux.jobs.stores.store import write_store
from forestflux.publish.geotiff import BANDS, write_geotiff
from forestflux.publish.provenance import (
    describe_code,
    describe_history,
    verify_checksums,
    write_checksums,
)
from forestflux.publish.published_dataset import (
    ProductSettings,
    build_dataset,
    open_map,
)
from forestflux.publish.stac import build_item, file_stem, write_stac

log = logging.getLogger(__name__)

PROVENANCE = "provenance.json"
# A chunk of 600 x 600 float32 is 1.4 MB: a country is a few requests.
CHUNK = 600
NETCDF = {"zlib": True, "complevel": 4, "shuffle": True}
# A number, because NCO takes NaN for a value and means of it are NaN.
NETCDF_MISSING = np.float32(1e20)


def is_published(folder: Path, build_key: str) -> bool:
    """Whether the folder of a year exists, is whole and was made by this build key.

    A damaged product is as good as none: the job makes it again.
    """
    record = folder / PROVENANCE
    if not record.is_file():
        return False
    try:
        if read_json(record).get("build_key") != build_key:
            return False
        verify_checksums(folder)
    except InputError as error:
        log.info("%s", error)
        return False
    return True


def publish_year(
    mapped: Path, folder: Path, *, year: int, settings: ProductSettings, record: dict
) -> None:
    """Write the product of a year as a folder that appears at once.

    One layer is in memory at a time. Everything is written into `{folder}.part` first. A
    killed job leaves that folder behind, and the next job starts it anew.

    Parameters
    ----------
    mapped : the year's map store
    folder : of the product, replaced if it is there
    year : of the map
    settings : of the run, with the grid of the map
    record : what goes into `provenance.json`: `build_key`, `code` (checksum), `inputs`,
        `configuration`, `model`

    Raises
    ------
    InputError : the map is not whole, or of another grid or year
    """
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    code = describe_code(record["code"])
    history = describe_history(code)
    # Threads would hold several layers in memory.
    with dask.config.set(scheduler="synchronous"):
        source = open_map(mapped, settings.grid, year=year)
        dataset = build_dataset(source, year=year, settings=settings, history=history)
        part.mkdir(parents=True)
        stem = part / file_stem(settings.run, year)
        zarr = settings.publish.zarr_format
        write_zarr(dataset, stem.with_name(f"{stem.name}.zarr"), zarr_format=zarr)
        write_netcdf(dataset, stem.with_name(f"{stem.name}.nc"))
        for kind in BANDS:
            write_geotiff(dataset, stem.with_name(f"{stem.name}_{kind}.tif"), kind=kind)
    level = source["gpp_lower"].attrs["level"]
    title = dataset.attrs["title"]
    item = build_item(
        settings.run,
        year,
        settings.grid,
        title=title,
        level=level,
        zarr_format=zarr,
    )
    facts = record | {"code": code, "year": year, "level": level}
    finish_product(part, folder, item=item, provenance=facts)


def finish_product(
    part: Path, folder: Path, *, item: pystac.Item, provenance: dict
) -> None:
    """Give a folder of finished files their records, and put it in its place at once."""
    write_stac(item, part / "item.json")
    write_json(part / PROVENANCE, provenance)
    write_checksums(part)
    replace_folder(part, folder)


def write_zarr(dataset: xr.Dataset, path: Path, *, zarr_format: Literal[2, 3]) -> None:
    """Write a Zarr store without a manifest beside it."""
    chunks = {"latitude": CHUNK, "longitude": CHUNK}
    write_store(dataset, path, chunks=chunks, zarr_format=zarr_format)
    # In a product `checksums.sha256` takes the place of a manifest.
    manifest_path(path).unlink()


def write_netcdf(dataset: xr.Dataset, path: Path) -> None:
    """Write NetCDF-4, compressed; time is a record dimension, so years can be joined."""
    encoding: dict[Hashable, dict[str, Any]] = {}
    for name, variable in dataset.variables.items():
        # Flags bring their own.
        encoding[name] = {} if "_FillValue" in variable.attrs else {"_FillValue": None}
        if variable.ndim >= 2 and "bound" not in variable.dims:
            sizes = (min(size, CHUNK) for size in variable.shape)
            encoding[name] |= NETCDF | {"chunksizes": tuple(sizes)}
            if variable.dtype == np.float32:
                encoding[name]["_FillValue"] = NETCDF_MISSING
    # Layers are appended one by one: written together, dask would place their chunks in
    # another order each time, and the same map would not give the same bytes.
    lazy = [name for name in dataset.data_vars if dataset[name].chunks]
    parts: list[tuple[Literal["w", "a"], xr.Dataset]] = [("w", dataset.drop_vars(lazy))]
    parts += [("a", dataset[[name]]) for name in lazy]
    for mode, part in parts:
        part.load().to_netcdf(
            path,
            mode=mode,
            format="NETCDF4",
            engine="netcdf4",
            encoding={name: encoding[name] for name in part.variables},
            unlimited_dims="time" if mode == "w" else None,
        )


def replace_folder(new: Path, folder: Path) -> None:
    """Put a finished folder in the place of an older one."""
    old = folder.with_name(f"{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.replace(folder, old)
    os.replace(new, folder)
    shutil.rmtree(old, ignore_errors=True)
