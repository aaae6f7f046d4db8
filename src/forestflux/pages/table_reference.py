"""The reference of the tables of a run, written from their schemas."""

from forestflux.change.change_schemas import CHANGE_TABLES
from forestflux.evaluation.evaluation_schemas import EVALUATION_TABLES

TABLES = {"Evaluation": EVALUATION_TABLES, "Change": CHANGE_TABLES}


def render_table_reference() -> str:
    """Markdown with one section for each table (docs/reference/tables.md)."""
    parts = []
    for title, schemas in TABLES.items():
        parts += [f"## {title}\n", *(schema.to_markdown() for schema in schemas)]
    return "\n".join(parts).strip()
