"""What a run consists of: years and batches of work that one job owns."""

import csv
from collections.abc import Callable, Iterable
from pathlib import Path

from forestflux.archive.names import archive_years
from forestflux.config import labels_of
from forestflux.errors import InputError


def batches(items: Iterable, size: int, *, name: Callable[[list], str]) -> dict:
    """Items in groups of `size` by the group's name, in order; the last may be smaller."""
    items = list(items)
    groups = [items[start : start + size] for start in range(0, len(items), size)]
    return {name(group): group for group in groups}


def span(numbers: list[int]) -> str:
    """Name of a group of rising numbers by its ends: `2003-2006`, or `2003` alone."""
    first, last = numbers[0], numbers[-1]
    return f"{first}" if first == last else f"{first}-{last}"


def mapped_years(config: dict) -> list[int]:
    """Years of the maps: those that are listed, else all from the first to the last."""
    first, last = config["years"]
    return sorted(config["only_years"]) or list(range(first, last + 1))


def tower_years(config: dict) -> list[int]:
    """Years of the towers: configured, else those of archive or table, else the mapped ones."""
    wanted = config["towers"]["years"]
    if wanted is not None:
        return list(range(wanted[0], wanted[1] + 1))
    if labels_of(config) == "archive":
        return archive_years(Path(config["towers"]["archive"]))
    if labels_of(config) == "folder":
        return table_years(Path(config["towers"]["folder"]) / "site_years.csv")
    return list(range(config["years"][0], config["years"][1] + 1))


def table_years(path: Path) -> list[int]:
    """Every year from the first to the last of a site-year table.

    Only this column is looked at, without pandas, because it is read each time the
    workflow is planned; the towers stage checks the table.
    """
    try:
        with path.open(newline="") as file:
            years = sorted({int(float(row["year"])) for row in csv.DictReader(file)})
    except OSError as error:
        raise InputError(
            path, variable="file", expected="a table of site-years", found=str(error)
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            path, variable="year", expected="a column of years", found=str(error)
        ) from error
    if not years:
        raise InputError(path, variable="year", expected="rows", found="an empty table")
    return list(range(years[0], years[-1] + 1))
