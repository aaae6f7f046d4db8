"""The citations that the data policies of the used towers ask for."""

import pandas as pd

from forestflux.core.reading.plain_text import escape_markdown, to_one_line
from forestflux.jobs.tables import Column, TableSchema
from forestflux.towers.tower_schemas import CITATIONS

BIBLIOGRAPHY = TableSchema(
    path="samples/bibliography.csv",
    row="a tower of which a site-year is used; only with `towers.fluxnet`",
    columns=(
        *CITATIONS.columns,
        Column("site_years", "used years of the tower", "integer"),
    ),
)
NO_CITATION = "no citation in the archive"


def bibliography(samples: pd.DataFrame, citations: pd.DataFrame) -> pd.DataFrame:
    """One row per tower of which a site-year is used, by name.

    Parameters
    ----------
    samples : table of `samples.csv`: site, used
    citations : table of `forestflux.towers.tower_schemas.CITATIONS`, empty where not known

    Returns
    -------
    site, name, policy, citation, doi : as given, blanks put in order, empty where the
        archive has none
    site_years : used years of the tower
    """
    years = samples[samples["used"]].groupby("site").size().rename("site_years")
    known = citations.drop_duplicates("site").set_index("site").reindex(years.index)
    table = known.fillna("").astype(str).apply(lambda column: column.map(to_one_line))
    table = table.join(years).reset_index()
    return table.sort_values("site", ignore_index=True)[BIBLIOGRAPHY.names]


def as_markdown(table: pd.DataFrame) -> str:
    """A page to read and to copy from, towers without a citation named first.

    Parameters
    ----------
    table : result of `bibliography`
    """
    without = table.loc[table["citation"] == "", "site"]
    lines = [
        "# Citations of the towers that are used",
        "",
        f"{len(table)} towers, {table['site_years'].sum()} site-years.",
        "Cite the towers as their data policies ask.",
        "",
    ]
    if len(without):
        names = ", ".join(map(escape_markdown, without))
        lines += [f"{NO_CITATION.capitalize()}: {names}.", ""]
    for row in table.to_dict("records"):
        shown = {key: escape_markdown(str(text)) for key, text in row.items()}
        name = f", {shown['name']}" if shown["name"] else ""
        policy = f" ({shown['policy']})" if shown["policy"] else ""
        link = f" {doi_link(shown['doi'])}" if shown["doi"] else ""
        citation = shown["citation"] or NO_CITATION
        lines.append(f"- **{shown['site']}**{name}{policy}: {citation}{link}")
    return "\n".join(lines) + "\n"


def doi_link(doi: str) -> str:
    """Address of a DOI that is written with or without one."""
    return doi if doi.startswith("http") else f"https://doi.org/{doi}"
