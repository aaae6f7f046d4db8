"""What the report says of sites and years of an archive that were left out."""

from pathlib import Path

import pandas as pd

from forestflux.jobs.tables import read_table
from forestflux.pages.report.report_tables import html_table
from forestflux.towers.tower_schemas import LEFT_OUT


def left_out(results: Path) -> str:
    """Every site, year and file that is left out, with its reason; empty where none is."""
    table = read_table(
        results / "towers/left_out.csv", columns=LEFT_OUT.names, empty=True
    )
    if table.empty:
        return ""
    keys = ["site", "file", "reason"]
    rows = table.fillna({"site": "-"}).groupby(keys, sort=True)["year"]
    rows = rows.agg(years_of).reset_index(name="years")
    rows["file"] = rows["file"].map(lambda path: Path(path).name)
    formats = {"site|site": str, "years|years": str, "reason|reason": str}
    formats["file|file"] = str
    caption = "What the archive holds and the run left out"
    shown = html_table(rows, formats, caption=caption)
    whole = int(table["year"].isna().sum())
    summary = f"Left out of the archive: {whole} sites or files"
    summary += f", {len(table) - whole} years of others"
    return f"<details><summary>{summary}</summary>{shown}</details>"


def years_of(years: pd.Series) -> str:
    """`1999, 2001`, or `all`."""
    known = years.dropna().astype(int)
    return ", ".join(map(str, known)) if len(known) else "all"
