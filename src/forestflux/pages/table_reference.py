"""The reference page of all tables of a run, written from their schemas."""

from forestflux.change.change_schemas import CHANGE_TABLES
from forestflux.evaluation.evaluation_schemas import EVALUATION_TABLES

HEAD = """# Tables

Every table of a run, column by column. This page is generated from the schemas of the package
by `make docs`. Paths are below the run's folder, `results/{run}/`. An empty field is a number
that could not be computed.
"""
TABLES = {"Evaluation": EVALUATION_TABLES, "Change": CHANGE_TABLES}


def render_table_reference() -> str:
    """The page in Markdown, one section for each table."""
    parts = [HEAD]
    for title, schemas in TABLES.items():
        parts += [f"## {title}\n", *(schema.to_markdown() for schema in schemas)]
    return "\n".join(parts)
