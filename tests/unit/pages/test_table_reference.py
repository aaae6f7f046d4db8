from forestflux.pages.table_reference import TABLES


def test_no_table_and_no_column_is_defined_twice():
    schemas = [schema for room in TABLES.values() for schema in room]
    paths = [schema.path for schema in schemas]
    assert len(set(paths)) == len(paths)
    for schema in schemas:
        assert len(set(schema.names)) == len(schema.names), schema.path
