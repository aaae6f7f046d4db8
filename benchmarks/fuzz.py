"""Damaged files: how many end in a right answer, in one line, or badly.

Files of every kind that comes from elsewhere are damaged by a seed (flipped bits, cuts, parts that
are doubled, lost, blank or swapped, foreign bytes) and given to the project's own readers, in a
process whose memory is bounded. `right` is what simpler code reads from the same bytes, or what
the whole file says where a checksum shows the damage. `wrong` are other values, `traceback` any
error that is not one line, and more than ten processor seconds for one file.
"""

import csv
import json

from benchmarks.harness import (
    ROOT,
    Measured,
    Option,
    measure_call,
    scratch_folder,
)
from tests.builders.fuzz import OUTCOMES, fuzz

TABLE = ROOT / "docs" / "data" / "fuzz.csv"
COLUMNS = ("reader", "tried", *OUTCOMES)
OPTIONS = {
    "count": Option(5000, 20, "damaged files for each reader"),
    "seed": Option(20, 20, "seed of the damages"),
    "keep_table": Option(1, 0, "whether docs/data/fuzz.csv is written, 1 or 0"),
}


def measure(*, count: int, seed: int, keep_table: int) -> Measured:
    """One row a reader; the table of the pages where it is wanted."""
    with scratch_folder() as folder:
        report = folder / "report.json"
        usage = measure_call(fuzz, count, seed, report)
        rows = json.loads(report.read_text())
    if keep_table:
        write_counts(rows)
    totals = {name: sum(row[name] for row in rows) for name in COLUMNS[1:]}
    return Measured(rows=rows, facts={**totals, **usage.numbers()})


def write_counts(rows: list[dict]) -> None:
    """The table of the pages: counts of each reader."""
    with TABLE.open("w", newline="") as file:
        writer = csv.DictWriter(
            file, COLUMNS, extrasaction="ignore", lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(rows)
