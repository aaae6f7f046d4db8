from forestflux.pages.table_reference import TABLES, render_table_reference
from tests.builders.paths import ROOT


def test_the_reference_page_is_the_generated_one():
    page = ROOT / "docs" / "reference" / "tables.md"
    assert render_table_reference() in page.read_text(), "run make docs"


def test_no_table_and_no_column_is_defined_twice():
    schemas = [schema for room in TABLES.values() for schema in room]
    paths = [schema.path for schema in schemas]
    assert len(set(paths)) == len(paths)
    for schema in schemas:
        assert len(set(schema.names)) == len(schema.names), schema.path
