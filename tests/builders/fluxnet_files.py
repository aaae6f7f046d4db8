"""FLUXNET files for tests, in the real layout; every resolution is made from half hours.

Sums of coarser tables are made here by plain means over days, so that what the reader
makes of one table can be held against another.
"""

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

CARBON = 12.0107e-6  # gC in 1 umol CO2
SPREAD = {
    "05": 0.9,
    "16": 0.94,
    "25": 0.97,
    "50": 1.0,
    "75": 1.03,
    "84": 1.05,
    "95": 1.1,
}
SUBSET_SPREAD = ("25", "50", "75")
FORMATS = {"YY": "%Y", "MM": "%Y%m", "WW": "%Y%m%d", "DD": "%Y%m%d", "HH": "%Y%m%d%H%M"}
FORMATS["HR"] = FORMATS["HH"]

Change = Callable[[pd.DataFrame], pd.DataFrame]


def half_hours(years: Iterable[int], *, seed: int, minutes: int = 30) -> pd.DataFrame:
    """Fluxes of a forest by half hour or hour: gpp, reco, nee in umolCO2 m-2 s-1, quality 0-3."""
    rng = np.random.default_rng(seed)
    start = pd.date_range(
        f"{min(years)}-01-01", f"{max(years)}-12-31 23:59", freq=f"{minutes}min"
    )
    season = 0.55 - 0.45 * np.cos(2 * np.pi * (start.day_of_year - 15) / 365.25)
    hour = start.hour + start.minute / 60
    sun = np.maximum(0, np.sin(np.pi * (hour - 6) / 12))
    count = len(start)
    gpp = 22 * season * sun * rng.uniform(0.8, 1.2, count)
    reco = (1.5 + 4 * season) * rng.uniform(0.9, 1.1, count)
    quality = rng.choice([0, 1, 2, 3], count, p=[0.6, 0.25, 0.1, 0.05])
    table = pd.DataFrame({"gpp": gpp, "reco": reco, "nee": reco - gpp}, index=start)
    return table.assign(quality=quality)


def table_of(
    resolution: str, hours: pd.DataFrame, *, part: str = "SUBSET"
) -> pd.DataFrame:
    """A FLUXNET table of these fluxes, in the units of its resolution."""
    minutes = (hours.index[1] - hours.index[0]) / pd.Timedelta(minutes=1)
    if resolution in ("HH", "HR"):
        means, good = hours, hours["quality"]
        stamps = {
            "TIMESTAMP_START": hours.index,
            "TIMESTAMP_END": hours.index + pd.Timedelta(minutes=minutes),
        }
    else:
        keys = group_keys(resolution, hours.index)
        grouped = hours.groupby(keys)
        daily = CARBON * 86400
        means = grouped[["gpp", "reco", "nee"]].mean() * daily
        good = hours["quality"].le(1).groupby(keys).mean()
        if resolution == "YY":
            means = means.mul(grouped.size() * minutes / 1440, axis=0)
        days = hours.index.normalize().to_series(index=hours.index).groupby(keys)
        first, last = days.first(), days.last()
        stamps = {"TIMESTAMP": first}
        if resolution == "WW":
            stamps = {"TIMESTAMP_START": first, "TIMESTAMP_END": last}
    table = pd.DataFrame(
        {
            name: pd.DatetimeIndex(when).strftime(FORMATS[resolution])
            for name, when in stamps.items()
        }
    )
    columns = {"TA_F": np.full(len(table), 9.5), "TA_F_QC": np.ones(len(table))}
    columns |= flux_columns(means, good, "VUT", part)
    if part != "SUBSET":
        columns |= flux_columns(means * 0.98, good, "CUT", part)
    values = {name: np.asarray(column) for name, column in columns.items()}
    return pd.concat([table, pd.DataFrame(values)], axis=1)


def group_keys(resolution: str, index: pd.DatetimeIndex) -> list:
    """What half hours a row of a coarser table is the mean of: 52 weeks a year, as FLUXNET."""
    if resolution == "WW":
        return [index.year, np.minimum((index.day_of_year - 1) // 7, 51)]
    further = {"YY": [], "MM": [index.month], "DD": [index.day_of_year]}[resolution]
    return [index.year, *further]


def flux_columns(
    means: pd.DataFrame, good: pd.Series, threshold: str, part: str
) -> dict[str, pd.Series]:
    """Columns of NEE, GPP and RECO with their percentiles and the quality of NEE."""
    spread = SUBSET_SPREAD if part == "SUBSET" else tuple(SPREAD)
    columns = {f"NEE_{threshold}_REF": means["nee"], f"NEE_{threshold}_REF_QC": good}
    for p in spread:
        columns[f"NEE_{threshold}_{p}"] = means["nee"] + (SPREAD[p] - 1) * means["gpp"]
    for way, factor in (("NT", 1.0), ("DT", 0.96)):
        for flux in ("gpp", "reco"):
            name = f"{flux.upper()}_{way}_{threshold}"
            columns[f"{name}_REF"] = factor * means[flux]
            columns |= {f"{name}_{p}": factor * SPREAD[p] * means[flux] for p in spread}
    return columns


def file_name(
    site: str,
    resolution: str,
    years: Sequence[int],
    *,
    network: str = "FLX",
    product: str = "FLUXNET2015",
    part: str = "SUBSET",
    version: str = "1-4",
    suffix: str = "csv",
) -> str:
    """The name of a table, or of a zip where the resolution is empty."""
    words = [network, site, product, part, resolution, f"{min(years)}-{max(years)}"]
    return "_".join([word for word in [*words, version] if word]) + f".{suffix}"


def write_site(
    folder: Path,
    site: str,
    years: Sequence[int],
    *,
    resolutions: Sequence[str] = ("YY", "DD"),
    seed: int = 1,
    zipped: bool = True,
    change: Change | None = None,
    extra: dict[str, str] | None = None,
    part: str = "SUBSET",
    **name: str,
) -> Path:
    """Write a site's archive and return its zip, or the folder of its tables.

    Parameters
    ----------
    change : what is done to each table before it is written
    extra : further files of the zip by name
    name : further words of the names; see `file_name`
    """
    minutes = 60 if "HR" in resolutions else 30
    hours = half_hours(years, seed=seed, minutes=minutes)
    tables = {}
    for resolution in resolutions:
        table = table_of(resolution, hours, part=part)
        table = change(table) if change else table
        table = table.fillna(-9999)
        key = file_name(site, resolution, years, part=part, **name)
        tables[key] = table.to_csv(index=False, lineterminator="\n")
    folder.mkdir(parents=True, exist_ok=True)
    stem = file_name(site, "", years, part=part, suffix="zip", **name)
    if not zipped:
        place = folder / Path(stem).stem
        place.mkdir()
        for key, text in (tables | (extra or {})).items():
            (place / key).write_text(text)
        return place
    return write_zip(folder / stem, tables | (extra or {}))


def write_zip(path: Path, files: dict[str, str | bytes]) -> Path:
    """A zip of these files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def information(sites: dict[str, dict[str, object]], *, delimiter: str = ";") -> str:
    """A table of site information: variables by site, in the long form of the BIF.

    Parameters
    ----------
    sites : {site: {variable: value}}; a value of several variables is a dictionary, one
        group
    """
    out = io.StringIO()
    header = ("SITE_ID", "GROUP_ID", "VARIABLE_GROUP", "VARIABLE", "DATAVALUE")
    out.write(delimiter.join(header) + "\r\n")
    number = 0
    for site, variables in sites.items():
        for name, value in variables.items():
            number += 1
            group = value if isinstance(value, dict) else {name: value}
            for variable, text in group.items():
                shown = f'"{text}"' if delimiter == "," else f"{text}"
                row = (site, str(number), f"GRP_{name}", variable, shown)
                out.write(delimiter.join(row) + "\r\n")
    return out.getvalue()


def workbook(rows: Sequence[Sequence[str]]) -> bytes:
    """An Excel workbook of one sheet: texts are shared, but for those of the first column.

    Empty cells are left out, as Excel does.
    """
    shared = sorted({cell for row in rows for cell in row[1:] if cell})
    number = {text: index for index, text in enumerate(shared)}
    lines = []
    for line, row in enumerate(rows, start=1):
        cells = [f'<c r="A{line}" t="inlineStr"><is><t>{escape(row[0])}</t></is></c>']
        cells += [
            f'<c r="{letter}{line}" t="s"><v>{number[cell]}</v></c>'
            for letter, cell in zip("BCDEFG", row[1:], strict=False)
            if cell
        ]
        lines.append(f'<row r="{line}">{"".join(cells)}</row>')
    # A text may be formatted piece by piece.
    items = (
        f"<si><r><t>{escape(text[:3])}</t></r><r><t>{escape(text[3:])}</t></r></si>"
        for text in shared
    )
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    sheet = f"<worksheet {space}><sheetData>{''.join(lines)}</sheetData></worksheet>"
    files = {
        "xl/worksheets/sheet1.xml": sheet,
        "xl/sharedStrings.xml": f"<sst {space}>{''.join(items)}</sst>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in files.items():
            book.writestr(name, text)
    return out.getvalue()


def place(lat: float, lon: float, igbp: str, **further: object) -> dict[str, object]:
    """What a table of site information must say of a tower."""
    location = {"LOCATION_LAT": lat, "LOCATION_LONG": lon}
    return {"LOCATION": location, "IGBP": igbp, **further}
