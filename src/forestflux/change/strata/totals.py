"""Totals: forest area, mean flux and PgC per year of strata, one sum per member."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from forestflux.core.errors import InputError
from forestflux.core.names import FLUXES, FOREST_TYPES
from forestflux.jobs.store import open_store

PG_PER_G = 1e-15


@dataclass(frozen=True)
class Band:
    """A band of latitude; a cell belongs to the band in which its centre lies.

    Attributes
    ----------
    name : as it stands in the tables
    south, north : degrees
    """

    name: str
    south: float
    north: float


def bands_of(settings: Iterable[dict]) -> tuple[Band, ...]:
    """The latitude bands of the configuration, which must cover the globe once.

    Raises
    ------
    InputError : bands overlap, leave a gap, or two have one name
    """
    bands = tuple(Band(b["name"], b["south"], b["north"]) for b in settings)
    ordered = sorted(bands, key=lambda band: band.south)
    norths = [-90, *(band.north for band in ordered)]
    souths = [*(band.south for band in ordered), 90]
    rising = all(band.south < band.north for band in bands)
    names = {band.name for band in bands}
    if norths != souths or not rising or len(names) < len(bands):
        raise InputError(
            "configuration",
            variable="change.bands",
            expected="bands of different names that cover -90 to 90 degrees once",
            found=", ".join(f"{b.name} {b.south} to {b.north}" for b in ordered)
            or "none",
        )
    return bands


def check_series(
    maps: dict[int, Path], *, years: Iterable[int], pair: tuple[int, int]
) -> list[int]:
    """The years in order, after all maps are compared with the first.

    Parameters
    ----------
    maps : map store by year
    years : years that must be mapped
    pair : two years that must be among them

    Raises
    ------
    InputError : a year is missing; a map has another year, grid, model or number of
        members; the pair is not in the series
    """
    years = sorted(years)
    missing = [year for year in years if year not in maps]
    if missing or not years:
        raise InputError(
            "maps",
            variable="year",
            expected="every year of the series",
            found=f"no map of {', '.join(map(str, missing)) or 'any year'}",
        )
    if not (pair[0] < pair[1] and set(pair) <= set(years)):
        raise InputError(
            "configuration",
            variable="change.pair",
            expected=f"two years in order among those mapped, {years[0]}-{years[-1]}",
            found=f"{pair[0]}, {pair[1]}",
        )
    first = describe_grid(open_store(maps[years[0]]))
    for year in years:
        found = describe_grid(open_store(maps[year]))
        for name, wanted in {**first, "year": year}.items():
            if found[name] != wanted:
                raise InputError(
                    maps[year],
                    variable=name,
                    expected=f"{wanted}, as in the first map"
                    if name != "year"
                    else str(wanted),
                    found=str(found[name]),
                )
    return years


def describe_grid(dataset: xr.Dataset) -> dict[str, object]:
    """Year, model, members and axes of a map, to be compared with those of another."""
    axes = {
        name: "{} values from {:.6g} to {:.6g}".format(
            dataset[name].size, *dataset[name].values[[0, -1]]
        )
        for name in ("y", "x")
    }
    return {
        "year": dataset.attrs.get("year"),
        **axes,
        "member": f"{dataset.sizes.get('member')} members",
        "model": f"model {dataset.attrs.get('model')}",
    }


def band_labels(latitudes: np.ndarray, bands: Sequence[Band]) -> np.ndarray:
    """Position in the bands of every row (y,).

    A centre exactly on an edge belongs to the band nearer to the equator, so that the
    two hemispheres are cut alike.
    """
    inner = np.asarray(latitudes) * (1 - 1e-9)
    of_row = np.zeros(len(inner), int)
    for position, band in enumerate(bands):
        of_row[(inner >= band.south) & (inner < band.north)] = position
    return of_row


def strata(
    dataset: xr.Dataset, bands: Sequence[Band]
) -> list[tuple[str, tuple[str, ...], np.ndarray]]:
    """Kind, names and labels (y, x) of the ways to divide a map: all, type, band.

    A label is the position in the names; -1 where there is no forest type.
    """
    kind = dataset["forest_type"].values.astype(int)
    names = tuple(band.name for band in bands)
    rows = band_labels(dataset["y"].values, bands)[:, None]
    return [
        ("all", ("all",), np.zeros(kind.shape, int)),
        ("type", FOREST_TYPES, kind - 1),
        ("band", names, np.broadcast_to(rows, kind.shape)),
    ]


def forest_area(dataset: xr.Dataset) -> np.ndarray:
    """Cell area x forest fraction (y, x), m2, 0 where nothing is mapped."""
    area = dataset["cell_area"].values * dataset["forest_fraction"].values
    return np.where(np.isfinite(dataset["gpp"].values), area, 0.0)


def member_sd(members: np.ndarray, *, axis: int = -1) -> np.ndarray:
    """Standard deviation over members, NaN for a single one."""
    spread = members.std(axis=axis, ddof=1 if members.shape[axis] > 1 else 0)
    return spread if members.shape[axis] > 1 else np.full_like(spread, np.nan)


def member_half_width(members: np.ndarray, *, level: float) -> np.ndarray:
    """Half width of the interval in which one more member would fall, (...).

    Student's t for the few members that there are: t x sd x sqrt(1 + 1 / n). It says
    how far equally trained networks disagree on the sum itself: errors that go together
    over space are in it whole, nothing is divided by the square root of the number of
    cells. What all members share (towers, inputs, forest map) is not in it. NaN for a
    single member.

    Parameters
    ----------
    members : (..., member)
    level : probability that the interval is to hold
    """
    n = members.shape[-1]
    quantile = stats.t.ppf((1 + level) / 2, n - 1) if n > 1 else np.nan
    return quantile * member_sd(members) * np.sqrt(1 + 1 / n)


def summarise(totals: xr.Dataset, *, level: float) -> pd.DataFrame:
    """Rows of `series.csv`: area, mean, total and interval per year, stratum and flux.

    Parameters
    ----------
    totals : `area (year, stratum)` m2, `total (year, variable, stratum, member)` PgC
        yr-1, with `kind` and `code (stratum)`
    level : probability of the interval, see `member_half_width`
    """
    members = totals["total"].values
    total = members.mean(axis=-1)
    half = member_half_width(members, level=level)
    area = np.broadcast_to(totals["area"].values[:, None], total.shape)
    mean = np.full(total.shape, np.nan)
    np.divide(total, area * PG_PER_G, out=mean, where=area > 0)
    years, variables, names = np.meshgrid(
        *(totals[name].values for name in ("year", "variable", "stratum")),
        indexing="ij",
    )
    columns = {
        "year": years,
        "stratum": names,
        "kind": np.broadcast_to(totals["kind"].values, total.shape),
        "code": np.broadcast_to(totals["code"].values, total.shape),
        "area": area,
        "variable": variables,
        "mean": mean,
        "total": total,
        "total_lower": total - half,
        "total_upper": total + half,
        "total_sd": member_sd(members),
    }
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()})


def zones_of(latitudes: np.ndarray, *, width_deg: float) -> np.ndarray:
    """Zone of every row of the globe (y,), counted from the north.

    Parameters
    ----------
    latitudes : of the rows, degrees
    width_deg : height of a zone, degrees; a row of the grid where the grid is coarser
    """
    width = zone_width(latitudes, width_deg)
    return np.floor((90 - latitudes) / width).astype(int)


def zone_width(latitudes: np.ndarray, width_deg: float) -> float:
    """Height of a zone, degrees."""
    return max(width_deg, 180 / len(latitudes))


def zonal_table(
    years: Sequence[int], area: np.ndarray, totals: np.ndarray, *, width: float
) -> pd.DataFrame:
    """`zonal.csv`: weighted mean and total of the zones with forest.

    Parameters
    ----------
    years : (year,)
    area : (year, zone), m2
    totals : (year, variable, zone), PgC yr-1, mean of the members
    width : height of a zone, degrees
    """
    frames = []
    for year, weight, fluxes in zip(years, area, totals, strict=True):
        there = weight > 0
        for variable, total in zip(FLUXES, fluxes, strict=True):
            part = {
                "year": year,
                "latitude": (90 - (np.arange(len(weight)) + 0.5) * width)[there],
                "variable": variable,
                "mean": total[there] / weight[there] / PG_PER_G,
                "total": total[there],
            }
            frames.append(pd.DataFrame(part))
    return pd.concat(frames, ignore_index=True)
