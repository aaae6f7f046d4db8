"""Subsets of all towers as native images: every file once, then one layer at a time."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from tqdm import tqdm

from forestflux.core.errors import InputError
from forestflux.sources.modis_subsets import appeears, ornl
from forestflux.sources.modis_subsets.file_kinds import EXPECTED, recognise
from forestflux.sources.modis_subsets.subset_band import Band
from forestflux.sources.modis_subsets.subset_layers import known_layers
from forestflux.sources.modis_subsets.subset_series import Piece, merge, of_one_place
from forestflux.sources.modis_subsets.tower_match import Match, crop, matches_of

LOG = logging.getLogger(__name__)

Pieces = dict[tuple[int, str, str], list[Piece]]
COLUMNS = (
    "site",
    "variable",
    "product",
    "layer",
    "quality",
    "images",
    "first",
    "last",
    "pixels",
    "files",
)


def collect_subsets(
    files: Sequence[Path], towers: pd.DataFrame, table: dict
) -> tuple[xr.Dataset, pd.DataFrame]:
    """Native images of all years (docs/reference/stores.md, subsets) and what they come from.

    Only the windows around towers stay in memory; of the files one at a time.

    Parameters
    ----------
    files : every file of the folder
    towers : columns site, lat, lon
    table : result of `forestflux.sources.modis_subsets.subset_layers.with_numbers`

    Raises
    ------
    InputError : a file that is damaged or ambiguous, or no file that serves a tower
    """
    towers = towers.reset_index(drop=True)
    pieces = read_pieces(files, towers, table)
    arrays, rows = {}, []
    for variable, entry in table.items():
        images, sources = variable_images(variable, entry, pieces, towers)
        arrays |= images
        rows += sources
    if not arrays:
        raise InputError(
            files[0].parent if files else "towers.subsets",
            variable="towers.subsets",
            expected=f"a file ({EXPECTED}) of some tower and variable",
            found=f"none among {len(files)} files",
        )
    sources = pd.DataFrame(rows, columns=list(COLUMNS))
    report(sources, towers, table)
    coordinates = {
        "site": ("y", towers["site"].to_numpy(object)),
        "lat": ("y", towers["lat"].to_numpy(float)),
        "lon": ("y", towers["lon"].to_numpy(float)),
    }
    return xr.Dataset(arrays).assign_coords(coordinates), sources


def read_pieces(files: Sequence[Path], towers: pd.DataFrame, table: dict) -> Pieces:
    """Windows of every file by tower, product and layer; what is not used is logged."""
    known = known_layers(table)
    pieces: Pieces = {}
    for path in tqdm(files, desc="subsets", disable=None):
        for band in read_file(path, known):
            facts = known.get((band.product, band.layer))
            if facts is None:
                LOG.info("not used: %s: no variable takes %s", path, band.label)
                continue
            window = facts["window"]
            found = matches_of(band, towers, pixel_m=facts["pixel_m"], window=window)
            if not found:
                LOG.info("not used: %s: no tower at %g, %g", path, band.lat, band.lon)
            for match in found:
                piece = piece_of(band, match, facts)
                key = (match.tower, band.product, band.layer)
                pieces.setdefault(key, []).append(piece)
    return pieces


def read_file(path: Path, known: dict) -> list[Band]:
    """The bands of a file; none of one that is no subset."""
    kind = recognise(path)
    if kind == "ornl_json":
        return ornl.read_json(path)
    if kind == "ornl_csv":
        return ornl.read_csv(path)
    if kind == "appeears":
        return appeears.read_points(path, {k: v["scaled"] for k, v in known.items()})
    LOG.info("not used: %s: no subset", path)
    return []


def piece_of(band: Band, match: Match, facts: dict) -> Piece:
    """The window of a band around a tower.

    Raises
    ------
    InputError : numbers that the layer's type cannot hold
    """
    limits = np.iinfo(facts["dtype"])
    values = crop(
        band.values,
        match,
        window=facts["window"],
        native_m=facts["native_m"],
        pixel_m=facts["pixel_m"],
    )
    bad = (values < limits.min) | (values > limits.max)
    if bad.any():
        raise InputError(
            band.path,
            variable=band.layer,
            expected=f"{facts['dtype']} from {limits.min} to {limits.max}",
            found=f"{values[bad][0]} ({int(bad.sum())} such pixels)",
        )
    if np.any(np.diff(band.days).astype(int) < 0):
        LOG.info("out of order: %s: dates of %s, put in order", band.path, band.label)
    return Piece(
        path=band.path,
        match=match,
        place=(band.lat, band.lon),
        days=band.days,
        ranks=band.ranks,
        values=values.astype(facts["dtype"]),
        pixels=band.values.shape[1:],
    )


def variable_images(
    variable: str, entry: dict, pieces: Pieces, towers: pd.DataFrame
) -> tuple[dict, list[tuple]]:
    """Arrays of a variable and its quality band (time_v, y_v, x_v), and their sources.

    Nothing where no tower has the variable. Each tower takes the first of the layers of
    which it has a file.
    """
    series, rows = {}, []
    for tower in towers.index:
        for layer in entry["layers"]:
            parts = [
                part
                for product in layer["products"]
                if (part := product_series(tower, product, layer, entry, pieces))
            ]
            if parts:
                days, values, quality = (
                    np.concatenate([part[name] for part in parts])
                    for name in ("days", "values", "quality")
                )
                series[tower] = (days, values, quality)
                site = towers.loc[tower, "site"]
                rows += [(site, variable, *part["source"]) for part in parts]
                break
    if not series:
        return {}, []
    section = entry["stored"]
    days = np.unique(np.concatenate([part[0] for part in series.values()]))
    shape = (len(days), len(towers), section["window"], section["window"])
    values = np.full(shape, section["absent"], section["dtype"])
    quality = np.full(shape, section["quality_absent"], section["quality_dtype"])
    for tower, (own, images, codes) in series.items():
        where = np.searchsorted(days, own)
        values[where, tower], quality[where, tower] = images, codes
    dims = (f"time_{variable}", f"y_{variable}", f"x_{variable}")
    stacked = (len(days), len(towers) * shape[2], shape[3])
    time = (dims[0], days.astype("datetime64[ns]"))
    return {
        variable: (dims, values.reshape(stacked)),
        f"{variable}_quality": (dims, quality.reshape(stacked)),
        dims[0]: time,
    }, rows


def product_series(
    tower: int, product: str, layer: dict, entry: dict, pieces: Pieces
) -> dict | None:
    """Images of one tower and product with their quality codes; None without a file.

    Raises
    ------
    InputError : an image without a quality image of its day
    """
    found = pieces.get((tower, product, layer["band"]))
    if not found:
        return None
    kept, left = of_one_place(found)
    for piece in left:
        LOG.info("not used: %s: another file lies nearer to its tower", piece.path)
    days, values = merge(kept, label=f"{product} {layer['band']}")
    name, codes = None, np.full(values.shape, entry["quality_unknown"])
    for role in ("quality_band", "quality_detail"):
        of_quality = pieces.get((tower, product, layer.get(role, "")))
        if of_quality:
            name = layer[role]
            codes = quality_of(days, of_quality, kept, label=f"{product} {name}")
            if role == "quality_detail":
                codes = told(codes, entry["quality_codes"])
            break
    shape = max(piece.pixels for piece in kept)
    return {
        "days": days,
        "values": values,
        "quality": codes.astype(entry["stored"]["quality_dtype"]),
        "source": (
            product,
            layer["band"],
            name or "unknown",
            len(days),
            str(days[0]),
            str(days[-1]),
            f"{shape[0]} x {shape[1]}",
            len(kept),
        ),
    }


def quality_of(
    days: np.ndarray, pieces: list[Piece], of_band: list[Piece], *, label: str
) -> np.ndarray:
    """Quality images of these days.

    Raises
    ------
    InputError : a day without one
    """
    kept, _ = of_one_place(pieces)
    own, codes = merge(kept, label=label)
    missing = ~np.isin(days, own)
    if missing.any():
        raise InputError(
            kept[0].path,
            variable=label,
            expected=f"an image of each date of {of_band[0].path.name}",
            found=f"none of {days[missing][0]} ({int(missing.sum())} such dates)",
        )
    return codes[np.searchsorted(own, days)]


def told(detail: np.ndarray, rules: list[dict]) -> np.ndarray:
    """Codes of the quality band from the bits of another layer, first match first."""
    hits, codes = [], []
    for rule in rules:
        first, last = rule["bits"]
        bits = (detail.astype("int32") >> first) & ((1 << (last - first + 1)) - 1)
        hits.append(np.isin(bits, rule["values"]))
        codes.append(rule["code"])
    return np.select(hits, codes, default=codes[-1])


def report(sources: pd.DataFrame, towers: pd.DataFrame, table: dict) -> None:
    """Log what the subsets lack: variables, towers, quality bands."""
    for variable in table:
        own = sources[sources["variable"] == variable]
        if own.empty:
            LOG.info("missing: %s: no tower has a file of it", variable)
            continue
        without = sorted(set(towers["site"]) - set(own["site"]))
        if without:
            LOG.info("missing: %s: no file at %s", variable, ", ".join(without))
        unknown = sorted(set(own.loc[own["quality"] == "unknown", "site"]))
        if unknown:
            LOG.info(
                "quality unknown: %s: no quality layer at %s; fills and ranges decide",
                variable,
                ", ".join(unknown),
            )
    alone = sorted(set(towers["site"]) - set(sources["site"]))
    if alone:
        LOG.info("towers without any subset: %s", ", ".join(alone))
