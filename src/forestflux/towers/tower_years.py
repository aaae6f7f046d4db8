"""Years of the towers: configured, or those of the archive or of the table of site-years."""

import csv
from pathlib import Path

from forestflux.core.errors import InputError
from forestflux.jobs.configuration import Configuration
from forestflux.towers.fluxnet.file_names import archive_years


def tower_years(configuration: Configuration) -> list[int]:
    """Years of the towers: configured, else those of archive or table, else the mapped ones."""
    towers = configuration.towers
    if towers.years is None and configuration.labels_from == "fluxnet":
        return archive_years(Path(str(towers.fluxnet)))
    if towers.years is None and configuration.labels_from == "folder":
        return table_years(Path(str(towers.folder)) / "site_years.csv")
    first, last = towers.years or configuration.years
    return list(range(first, last + 1))


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
