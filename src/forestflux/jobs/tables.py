"""Tables on disk: CSV written at once, numbers with digits enough to come back the same."""

from pathlib import Path

import pandas as pd

from forestflux.jobs.store import write_text


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV file at once: readers see the old one or the whole new one.

    Numbers have nine significant digits, more than any flux or coordinate carries; NaN
    is an empty field.
    """
    write_text(
        path, table.to_csv(index=False, float_format="%.9g", lineterminator="\n")
    )
