"""Totals: forest area, mean flux and PgC per year of strata, one sum per member."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from forestflux.errors import InputError
from forestflux.names import FLUXES, FOREST_TYPES
from forestflux.store import open_store

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


def check_series(maps: dict[int, Path], *, pair: tuple[int, int]) -> list[int]:
    """The years of the maps in order, after all maps are compared with the first.

    Parameters
    ----------
    maps : map store by year
    pair : two years that must be among them

    Raises
    ------
    InputError : a year is missing; a map has another year, grid or number of members;
        the pair is not in the series
    """
    years = sorted(maps)
    whole = range(min(years, default=0), max(years, default=0))
    missing = sorted(set(whole) - set(years))
    if missing or not years:
        raise InputError(
            "maps",
            variable="year",
            expected="every year of a series",
            found=f"no map of {', '.join(map(str, missing)) or 'any year'}",
        )
    if not years[0] <= pair[0] < pair[1] <= years[-1]:
        raise InputError(
            "configuration",
            variable="change.pair",
            expected=f"two years in order within {years[0]}-{years[-1]}",
            found=f"{pair[0]}, {pair[1]}",
        )
    first = fingerprint(open_store(maps[years[0]]))
    for year in years:
        found = fingerprint(open_store(maps[year]))
        for name, wanted in {**first, "year": year}.items():
            if found[name] != wanted:
                raise InputError(
                    maps[year],
                    variable=name,
                    expected=str(wanted),
                    found=str(found[name]),
                )
    return years


def fingerprint(dataset: xr.Dataset) -> dict[str, object]:
    """Year, members and axes of a map, to be compared with those of another."""
    axes = {
        name: "{} values from {:.6g} to {:.6g}".format(
            dataset[name].size, *dataset[name].values[[0, -1]]
        )
        for name in ("y", "x")
    }
    members = f"{dataset.sizes.get('member')} members"
    return {"year": dataset.attrs.get("year"), "member": members, **axes}


def strata(
    dataset: xr.Dataset, bands: Sequence[Band]
) -> list[tuple[str, tuple[str, ...], np.ndarray]]:
    """Kind, names and labels (y, x) of the ways to divide the forest: all, type, band.

    A label is the position in the names. A centre exactly on an edge belongs to the
    band nearer to the equator, so that the two hemispheres are cut alike.
    """
    shape = dataset["forest_type"].shape
    inner = dataset["y"].values * (1 - 1e-9)
    of_row = np.zeros(len(inner), int)
    for position, band in enumerate(bands):
        of_row[(inner >= band.south) & (inner < band.north)] = position
    return [
        ("all", ("all",), np.zeros(shape, int)),
        ("type", FOREST_TYPES, dataset["forest_type"].values.astype(int) - 1),
        (
            "band",
            tuple(band.name for band in bands),
            np.broadcast_to(of_row[:, None], shape),
        ),
    ]


def forest_area(dataset: xr.Dataset) -> np.ndarray:
    """Cell area x forest fraction (y, x), m2, 0 where nothing is mapped."""
    area = dataset["cell_area"].values * dataset["forest_fraction"].values
    return np.where(np.isfinite(dataset["gpp"].values), area, 0.0)


def year_totals(dataset: xr.Dataset, *, bands: Sequence[Band]) -> xr.Dataset:
    """Totals of every stratum, flux and member of one map.

    Parameters
    ----------
    dataset : a map store (y, x) with gpp_member, reco_member (member, y, x)
    bands : latitude bands

    Returns
    -------
    total : (variable, stratum, member), PgC yr-1
    area : (stratum,), m2 of forest
    kind : coordinate (stratum,), all, type or band
    """
    area = forest_area(dataset)
    mapped = area > 0
    weights = area[mapped]
    gpp = dataset["gpp_member"].values[:, mapped] * weights
    reco = dataset["reco_member"].values[:, mapped] * weights
    names, kinds, sums, areas = [], [], [], []
    for kind, of_kind, labels in strata(dataset, bands):
        label, count = labels[mapped], len(of_kind)
        names += of_kind
        kinds += [kind] * count
        areas.append(np.bincount(label, weights, count))
        sums.append(
            [[np.bincount(label, m, count) for m in flux] for flux in (gpp, reco)]
        )
    total = np.concatenate(sums, axis=-1).transpose(0, 2, 1) * PG_PER_G
    return xr.Dataset(
        {
            "total": (
                ("variable", "stratum", "member"),
                np.stack([total[0], total[1], total[1] - total[0]]),
                {"units": "PgC yr-1"},
            ),
            "area": ("stratum", np.concatenate(areas), {"units": "m2"}),
        },
        coords={
            "variable": list(FLUXES),
            "stratum": names,
            "kind": ("stratum", kinds),
        },
    )


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


def summarise(totals: xr.Dataset, *, year: int, level: float) -> pd.DataFrame:
    """The year's rows of `totals.csv`: area, mean, total and interval per stratum.

    Parameters
    ----------
    totals : what `year_totals` gives
    year : goes into the column `year`
    level : probability of the interval, see `member_half_width`
    """
    members = totals["total"].values
    total = members.mean(axis=-1)
    half = member_half_width(members, level=level)
    area = np.broadcast_to(totals["area"].values, total.shape)
    mean = np.full(total.shape, np.nan)
    np.divide(total, area * PG_PER_G, out=mean, where=area > 0)
    variables, names = np.meshgrid(
        totals["variable"].values, totals["stratum"].values, indexing="ij"
    )
    columns = {
        "stratum": names,
        "kind": np.broadcast_to(totals["kind"].values, total.shape),
        "area": area,
        "variable": variables,
        "mean": mean,
        "total": total,
        "total_lower": total - half,
        "total_upper": total + half,
        "total_sd": member_sd(members),
    }
    rows = {name: values.ravel() for name, values in columns.items()}
    return pd.DataFrame({"year": year, **rows})


def zonal_profile(dataset: xr.Dataset, *, year: int, width_deg: float) -> pd.DataFrame:
    """The year's rows of `zonal.csv`: weighted mean and total of zones with forest.

    Parameters
    ----------
    dataset : a map store
    year : goes into the column `year`
    width_deg : height of a zone, degrees; a row of the grid where the grid is coarser
    """
    area = forest_area(dataset)
    latitude = dataset["y"].values
    width = max(width_deg, 180 / len(latitude))
    zone = np.floor((90 - latitude) / width).astype(int)
    weight = np.bincount(zone, area.sum(axis=1))
    there = weight > 0
    frames = []
    for variable in FLUXES:
        flux = np.where(area > 0, dataset[variable].values, 0.0)
        total = np.bincount(zone, (flux * area).sum(axis=1))
        frames.append(
            pd.DataFrame(
                {
                    "year": year,
                    "latitude": (90 - (np.arange(len(weight)) + 0.5) * width)[there],
                    "variable": variable,
                    "mean": total[there] / weight[there],
                    "total": total[there] * PG_PER_G,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
