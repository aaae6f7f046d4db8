"""What the gates found: the table `gates.csv`, and `gates.json`, which the end of a run reads."""

from forestflux.jobs.manifests import Manifest
from forestflux.jobs.tables import Column, TableSchema

GATES = TableSchema(
    "gates/gates.csv",
    "a test of a map or of the series",
    (
        Column("gate", "group of tests", "text"),
        Column("year", "of the map; empty for tests of the whole series", "integer"),
        Column("cells", "which cells or borders are tested", "text"),
        Column("quantity", "what is tested", "text"),
        Column("unit", "of the five numbers that follow", "text"),
        Column("low", "lowest value that passes; empty without a bound"),
        Column("high", "highest value that passes; empty without a bound"),
        Column("known_low", "lowest value of a known, documented bias"),
        Column("known_high", "highest value of a known, documented bias"),
        Column("found", "the value"),
        Column("status", "`pass`, `known bias`, `fail` or `not applicable`", "text"),
        Column(
            "reference", "where the bounds come from, or why no test applies", "text"
        ),
    ),
)


class GatesManifest(Manifest):
    """What the gates found.

    Attributes
    ----------
    counts : rows by status
    failed : one line for each row that failed
    """

    counts: dict[str, int]
    failed: tuple[str, ...]
