"""Point samples of AppEEARS: values come scaled, fills and quality layers as stored."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.core.input_errors import InputError
from forestflux.jobs.user_tables import parse_numbers, read_csv, refuse_cell
from forestflux.sources.modis_subsets.file_kinds import COLUMN
from forestflux.sources.modis_subsets.subset_band import (
    SubsetBand,
    check_days,
    convert_to_integers,
)
from forestflux.sources.modis_subsets.subset_table import ScaledNumbers

KEYS = ("ID", "Category", "Latitude", "Longitude", "Date")
# Largest distance of value / scale from a whole number; AppEEARS writes single precision.
ROUNDING = 0.05
# So many different values that should have decimals cannot all be whole by chance.
WHOLE_VALUES = 10


def read_points(
    path: Path, scaling: Mapping[tuple[str, str], ScaledNumbers | None]
) -> list[SubsetBand]:
    """The bands of a point-sample file, one of each point and layer, one pixel each.

    Columns are ID, Category, Latitude, Longitude, Date, MODIS_Tile and, for each layer,
    {product}_{version}_{layer}. Further columns with decoded quality bits are ignored.
    AppEEARS multiplies values by the product's scale and leaves fills and quality layers
    as stored.

    Parameters
    ----------
    scaling : how a layer is scaled, by product and layer, None for a layer that comes as
        stored; layers that are not among the keys are not read

    Raises
    ------
    InputError : a column is missing, coordinates or dates are missing, values that are
        not scaled or no numbers
    """
    table = read_point_table(path, scaling)
    bands = []
    for column in table.columns:
        match = COLUMN.fullmatch(column)
        if match is None:
            continue
        product, version, layer = match[1], match[2], match[3].lstrip("_")
        stored = undo_scaling(table, column, scaling[product, layer], path)
        known = np.isfinite(stored)
        part = table.loc[known, list(KEYS)].assign(
            value=convert_to_integers(stored[known], path, layer=column)
        )
        for keys, rows in part.groupby(list(KEYS[:4]), sort=True):
            bands.append(make_point_band(path, product, version, layer, keys, rows))
    return bands


def make_point_band(
    path: Path, product: str, version: str, layer: str, keys: tuple, rows: pd.DataFrame
) -> SubsetBand:
    """One layer of one point.

    Parameters
    ----------
    keys : ID, category, latitude and longitude of the point
    rows : Date and value, one row an image
    """
    name, category, lat, lon = keys
    return SubsetBand(
        path=path,
        product=product,
        layer=layer,
        names=tuple(str(word) for word in (name, category) if str(word)),
        place=(float(lat), float(lon)),
        days=rows["Date"].to_numpy("datetime64[D]"),
        ranks=np.full(len(rows), f".{version}"),
        values=rows["value"].to_numpy("int32").reshape(-1, 1, 1),
    )


def read_point_table(
    path: Path, scaling: Mapping[tuple[str, str], ScaledNumbers | None]
) -> pd.DataFrame:
    """The columns that are needed; coordinates and dates are parsed, the rest is text.

    Raises
    ------
    InputError : the file is no whole table, coordinates are missing or off the globe,
        dates are missing or no first days of composites
    """

    def wanted(name: str) -> bool:
        match = COLUMN.fullmatch(name.strip())
        if match is None:
            return name.strip() in KEYS
        return (match[1], match[3].lstrip("_")) in scaling

    table = read_csv(path, KEYS[2:], wanted=wanted)
    for name in KEYS[:2]:
        if name not in table:
            table[name] = ""
    for name, limit in (("Latitude", 90), ("Longitude", 180)):
        degrees = parse_numbers(table, name, path=path)
        expected = f"degrees from -{limit} to {limit}"
        refuse_cell(np.abs(degrees) > limit, table, name, path=path, expected=expected)
        table[name] = degrees
    days = pd.to_datetime(table["Date"], errors="coerce", format="%Y-%m-%d")
    expected = "dates such as 2003-01-09"
    refuse_cell(days.isna().to_numpy(), table, "Date", path=path, expected=expected)
    check_days(days.to_numpy("datetime64[D]"), path)
    return table.assign(Date=days)


def undo_scaling(
    table: pd.DataFrame, column: str, scaled: ScaledNumbers | None, path: Path
) -> np.ndarray:
    """Numbers as the product stores them, float64 (row,), NaN where the cell is empty.

    Parameters
    ----------
    scaled : how the column is scaled; None where it comes as stored

    Raises
    ------
    InputError : a cell is no number, the column is not scaled, or a value is no multiple
        of the scale
    """
    # A product has fills of its own, which its table of layers knows.
    values = parse_numbers(table, column, path=path, gaps=True, fills=True)
    if scaled is None:
        return values
    fill = np.isin(values, scaled.fill)
    check_scaled(values[~fill & np.isfinite(values)], column, scaled, path)
    stored = (values - scaled.offset) / scaled.scale
    near = np.rint(stored)
    bad = ~fill & (np.abs(stored - near) > ROUNDING)
    if bad.any():
        raise InputError(
            path,
            variable=column,
            expected=f"multiples of {scaled.scale:g}",
            found=f"{values[bad][0]:g} ({int(bad.sum())} such values)",
        )
    return np.where(fill, values, near)


def check_scaled(
    values: np.ndarray, column: str, scaled: ScaledNumbers, path: Path
) -> None:
    """Refuse a column that has not been scaled: whole numbers only, or out of range."""
    if not values.size:
        return
    low, high = scaled.physical
    median = float(np.median(values))
    different = np.unique(values)
    only_whole = different.size >= WHOLE_VALUES and np.all(
        different == np.rint(different)
    )
    if only_whole or not low <= median <= high:
        raise InputError(
            path,
            variable=column,
            expected=f"values scaled by AppEEARS, a median from {low:g} to {high:g}",
            found=f"a median of {median:g}"
            f"{' and whole numbers only' if only_whole else ''} (stored integers?)",
        )
