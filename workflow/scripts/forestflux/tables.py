"""Tables on disk: CSV written at once, numbers with digits enough to come back the same."""

import os
from pathlib import Path

import pandas as pd


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV file at once: readers see the old one or the whole new one.

    Numbers have nine significant digits, more than any flux or coordinate carries; NaN is an empty field.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    table.to_csv(part, index=False, float_format="%.9g", lineterminator="\n")
    os.replace(part, path)
