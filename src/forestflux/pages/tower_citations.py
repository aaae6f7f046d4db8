"""The citations that the data policies of the used towers ask for."""

import pandas as pd

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
    table = known.fillna("").astype(str).apply(lambda column: column.map(one_line))
    table = table.join(years).reset_index()
    return table.sort_values("site", ignore_index=True)[BIBLIOGRAPHY.names]


def one_line(text: str) -> str:
    """Text without line ends and doubled blanks."""
    return " ".join(text.split())


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
        lines += [f"{NO_CITATION.capitalize()}: {', '.join(without)}.", ""]
    for row in table.to_dict("records"):
        name = f", {row['name']}" if row["name"] else ""
        policy = f" ({row['policy']})" if row["policy"] else ""
        link = f" {doi_link(row['doi'])}" if row["doi"] else ""
        lines.append(
            f"- **{row['site']}**{name}{policy}: {row['citation'] or NO_CITATION}{link}"
        )
    return "\n".join(lines) + "\n"


def doi_link(doi: str) -> str:
    """Address of a DOI that is written with or without one."""
    return doi if doi.startswith("http") else f"https://doi.org/{doi}"
