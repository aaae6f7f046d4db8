"""Years and months of the towers, which have to be known before any table is read."""

import csv
import re
from pathlib import Path

from forestflux.core.input_errors import InputError
from forestflux.jobs.configuration import Configuration
from forestflux.towers.fluxnet.file_names import list_fluxnet_years

YEAR = re.compile(r"(19|2[01])\d\d(\.0*)?", re.ASCII)


def find_tower_years(configuration: Configuration) -> list[int]:
    """The tower years of a run, rising.

    Those of the configuration count first, else those of the FLUXNET files or of the
    table of site-years, else the mapped years.

    Raises
    ------
    InputError : the folder or its table is not there, or gives no years; fluxes come from
        two places
    """
    towers = configuration.towers
    refuse_second_fluxes(configuration)
    if towers.years is None and configuration.labels_from == "fluxnet":
        return list_fluxnet_years(Path(str(towers.fluxnet)))
    if towers.years is None and configuration.labels_from == "folder":
        folder = Path(str(towers.folder))
        require_folder(folder)
        return read_table_years(folder / "site_years.csv")
    first, last = towers.years or configuration.closed_years
    return list(range(first, last + 1))


def refuse_second_fluxes(configuration: Configuration) -> None:
    """Refuse a tower folder with fluxes of its own beside FLUXNET files: one would be ignored."""
    towers = configuration.towers
    table = Path(towers.folder or "", "site_years.csv")
    if towers.fluxnet and towers.folder and table.exists():
        raise InputError(
            "configuration",
            variable="towers.folder",
            expected="no fluxes beside those of towers.fluxnet",
            found=str(table),
        )


def require_folder(folder: Path) -> None:
    """Refuse a tower folder that is not there."""
    if not folder.is_dir():
        raise InputError(
            folder,
            variable="towers.folder",
            expected="a folder with sites.csv, site_years.csv, predictors_8day.parquet"
            " (tables of your own: docs/how-to/own-towers.md; archives instead:"
            " towers.fluxnet, docs/how-to/fluxnet-archives.md)",
            found="a file" if folder.exists() else "no such folder",
        )


def require_months(configuration: Configuration) -> None:
    """Refuse months without a table of them, where towers are the user's own."""
    if not configuration.fluxes.months or configuration.labels_from != "folder":
        return
    table = Path(str(configuration.towers.folder), "site_months.csv")
    if not table.is_file():
        raise InputError(
            table,
            variable="fluxes.months",
            expected="false, or a table of monthly fluxes (docs/how-to/own-towers.md)",
            found="no such file",
        )


def read_table_years(path: Path) -> list[int]:
    """Every year from the first to the last of a site-year table.

    Raises
    ------
    InputError : no such file, no column of years, no rows
    """
    cells = read_year_cells(path)
    if not cells:
        raise InputError(path, variable="year", expected="rows", found="an empty table")
    wrong = next((cell for cell in cells if not YEAR.fullmatch(cell)), None)
    if wrong is not None:
        expected = "a whole year such as 2003"
        raise InputError(path, variable="year", expected=expected, found=f"'{wrong}'")
    years = sorted(int(cell[:4]) for cell in cells)
    return list(range(years[0], years[-1] + 1))


def read_year_cells(path: Path) -> set[str]:
    """The different cells of the column of years, blanks stripped; empty lines do not count.

    Without pandas, and this column only, because the file is read each time the workflow is
    planned. The towers stage checks the rest of the table.

    Raises
    ------
    InputError : no such file, no text, no column of years
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            header, *rows = csv.reader(file)
            place = [name.strip() for name in header].index("year")
            return {row[place].strip() for row in rows if any(map(str.strip, row))}
    except OSError as error:
        raise InputError(
            path, variable="file", expected="a table of site-years", found=str(error)
        ) from error
    except (csv.Error, IndexError, ValueError) as error:
        raise InputError(
            path, variable="year", expected="a column of years", found=str(error)
        ) from error
