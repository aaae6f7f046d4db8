"""Subsets of all towers as native images: every file is read once, then layer by layer."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.pixel_quality import bits_of
from forestflux.jobs.tables import Column, TableSchema
from forestflux.sources.modis_subsets.file_kinds import EXPECTED_FILE
from forestflux.sources.modis_subsets.subset_reader import ImageIndex, read_files
from forestflux.sources.modis_subsets.subset_table import (
    QualityCode,
    SubsetLayer,
    SubsetTable,
    SubsetVariable,
)
from forestflux.sources.modis_subsets.tower_images import (
    TowerImages,
    choose_place,
    merge_images,
)
from forestflux.sources.modis_subsets.tower_match import Tower, list_towers

LOG = logging.getLogger(__name__)

SOURCES = TableSchema(
    path="subsets/subsets.csv",
    row="a tower, a variable and a product that gives it",
    columns=(
        Column("site", "code of the tower", "text"),
        Column("variable", "name of the variable", "text"),
        Column("product", "short name of the MODIS product", "text"),
        Column("layer", "layer of the product", "text"),
        Column("quality", "layer of its quality, or `unknown`", "text"),
        Column("images", "number of composites", "integer"),
        Column("first", "first day of the first composite", "text"),
        Column("last", "first day of the last composite", "text"),
        Column("pixels", "rows x columns of the largest file", "text"),
        Column("files", "number of files", "integer"),
    ),
)


class ProductImages(NamedTuple):
    """Images of one tower, variable and product.

    Attributes
    ----------
    days : datetime64[D] (time,)
    values, quality : (time, window, window), as they are stored
    source : the row of the table of sources, from its column product on
    """

    days: np.ndarray
    values: np.ndarray
    quality: np.ndarray
    source: tuple


def collect_subsets(
    files: Sequence[Path], sites: pd.DataFrame, table: SubsetTable
) -> tuple[xr.Dataset, pd.DataFrame]:
    """Native images of all years (docs/reference/stores.md, subsets) and their sources.

    Parameters
    ----------
    files : every file of the folder
    sites : columns site, lat, lon
    table : result of `read_subset_table`

    Returns
    -------
    images : one array for each variable and its quality band
    sources : the table `SOURCES`

    Raises
    ------
    InputError : a file that is damaged or ambiguous, or no file that serves a tower
    """
    towers = list_towers(sites)
    found = read_files(files, towers, table)
    arrays: dict[str, tuple] = {}
    rows: list[tuple] = []
    for variable, entry in table.variables.items():
        images, used = build_variable(variable, entry, found, towers)
        arrays |= images
        rows += used
    if not arrays:
        raise InputError(
            files[0].parent if files else "towers.subsets",
            variable="towers.subsets",
            expected=f"a file ({EXPECTED_FILE}) of some tower and variable",
            found=f"none among {len(files)} files",
        )
    sources = pd.DataFrame(rows, columns=SOURCES.names)
    log_missing(sources, towers, table)
    coordinates = {
        "site": ("y", np.array([tower.site for tower in towers], object)),
        "lat": ("y", np.array([tower.lat for tower in towers], float)),
        "lon": ("y", np.array([tower.lon for tower in towers], float)),
    }
    return xr.Dataset(arrays).assign_coords(coordinates), sources


def build_variable(
    variable: str, entry: SubsetVariable, found: ImageIndex, towers: Sequence[Tower]
) -> tuple[dict[str, tuple], list[tuple]]:
    """Arrays of a variable and its quality band (time_v, y_v, x_v), and their sources.

    Both are empty where no tower has the variable.
    """
    by_tower: dict[int, list[ProductImages]] = {}
    for tower in towers:
        # Each tower takes the first of the layers of which it has a file.
        for layer in entry.layers:
            parts = [
                part
                for product in layer.products
                if (part := build_product(tower.row, product, layer, entry, found))
            ]
            if parts:
                by_tower[tower.row] = parts
                break
    if not by_tower:
        return {}, []
    stored = entry.stored
    every = [part for parts in by_tower.values() for part in parts]
    days = np.unique(np.concatenate([part.days for part in every]))
    shape = (len(days), len(towers), stored.window, stored.window)
    values = np.full(shape, stored.absent, stored.dtype)
    quality = np.full(shape, stored.quality_absent, stored.quality_dtype)
    for row, parts in by_tower.items():
        for part in parts:
            steps = np.searchsorted(days, part.days)
            values[steps, row], quality[steps, row] = part.values, part.quality
    dims = (f"time_{variable}", f"y_{variable}", f"x_{variable}")
    # The windows of the towers lie below each other.
    stacked = (len(days), len(towers) * stored.window, stored.window)
    arrays: dict[str, tuple] = {
        variable: (dims, values.reshape(stacked)),
        f"{variable}_quality": (dims, quality.reshape(stacked)),
        dims[0]: (dims[0], days.astype("datetime64[ns]")),
    }
    sources = [
        (towers[row].site, variable, *part.source)
        for row, parts in by_tower.items()
        for part in parts
    ]
    return arrays, sources


def build_product(
    tower: int,
    product: str,
    layer: SubsetLayer,
    entry: SubsetVariable,
    found: ImageIndex,
) -> ProductImages | None:
    """Images of one tower and product with their quality codes; None without a file.

    Parameters
    ----------
    tower : row of the table of towers

    Raises
    ------
    InputError : an image without a quality image of its day
    """
    files = found.get((tower, product, layer.band))
    if not files:
        return None
    chosen, others = choose_place(files)
    for images in others:
        LOG.info("not used: %s: another file lies nearer to its tower", images.path)
    days, values = merge_images(chosen, label=f"{product} {layer.band}")
    quality_layer, codes = "unknown", np.full(values.shape, entry.quality_unknown)
    for name in (layer.quality_band, layer.quality_detail):
        quality_files = found.get((tower, product, name or ""))
        if name is None or not quality_files:
            continue
        quality_layer = name
        label = f"{product} {name}"
        codes = select_quality(days, quality_files, chosen[0].path, label=label)
        if name == layer.quality_detail:
            codes = decode_quality(codes, entry.quality_codes)
        break
    rows, columns = max(images.pixels for images in chosen)
    return ProductImages(
        days=days,
        values=values,
        quality=codes.astype(entry.stored.quality_dtype),
        source=(
            product,
            layer.band,
            quality_layer,
            len(days),
            str(days[0]),
            str(days[-1]),
            f"{rows} x {columns}",
            len(chosen),
        ),
    )


def select_quality(
    days: np.ndarray, files: Sequence[TowerImages], band_path: Path, *, label: str
) -> np.ndarray:
    """Quality images of these days.

    Parameters
    ----------
    band_path : file of the values, for messages

    Raises
    ------
    InputError : a day without one
    """
    chosen, _ = choose_place(files)
    own_days, codes = merge_images(chosen, label=label)
    missing = ~np.isin(days, own_days)
    if missing.any():
        raise InputError(
            chosen[0].path,
            variable=label,
            expected=f"an image of each date of {band_path.name}",
            found=f"none of {days[missing][0]} ({int(missing.sum())} such dates)",
        )
    return codes[np.searchsorted(own_days, days)]


def decode_quality(detail: np.ndarray, rules: Sequence[QualityCode]) -> np.ndarray:
    """Codes of the quality band from the bits of another layer; the first match counts."""
    hits = [np.isin(bits_of(detail, *rule.bits), rule.values) for rule in rules]
    codes = [rule.code for rule in rules]
    return np.select(hits, codes, default=codes[-1])


def log_missing(
    sources: pd.DataFrame,
    towers: Sequence[Tower],
    table: SubsetTable,
) -> None:
    """Log what the subsets lack: variables, towers, quality bands."""
    names = {tower.site for tower in towers}
    for variable in table.variables:
        own = sources[sources["variable"] == variable]
        if own.empty:
            LOG.info("missing: %s: no tower has a file of it", variable)
            continue
        without = sorted(names - set(own["site"]))
        if without:
            LOG.info("missing: %s: no file at %s", variable, ", ".join(without))
        unknown = sorted(set(own.loc[own["quality"] == "unknown", "site"]))
        if unknown:
            LOG.info(
                "quality unknown: %s: no quality layer at %s; fills and ranges decide",
                variable,
                ", ".join(unknown),
            )
    alone = sorted(names - set(sources["site"]))
    if alone:
        LOG.info("towers without any subset: %s", ", ".join(alone))
