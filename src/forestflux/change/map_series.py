"""The series of maps: whether all years are there and can be compared."""

from collections.abc import Iterable
from pathlib import Path

import xarray as xr

from forestflux.core.input_errors import InputError
from forestflux.jobs.stores.store import open_store


def check_map_series(
    maps: dict[int, Path], *, years: Iterable[int], pair: tuple[int, int]
) -> list[int]:
    """The years in order, after every map is compared with the first.

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
    first = describe_map(open_store(maps[years[0]]))
    for year in years:
        own = describe_map(open_store(maps[year]))
        for name, wanted in {**first, "year": year}.items():
            if own[name] != wanted:
                same = "" if name == "year" else ", as in the first map"
                raise InputError(
                    maps[year],
                    variable=name,
                    expected=f"{wanted}{same}",
                    found=str(own[name]),
                )
    return years


def describe_map(dataset: xr.Dataset) -> dict[str, object]:
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
