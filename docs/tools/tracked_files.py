"""Files with the numbers that pages show, and how a table is written."""

import json
import textwrap
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[2]
LINE_LENGTH = 118
# Of networks on a processor, the faster one first.
PRECISIONS = ("bfloat16", "float32")


def read_table(name: str) -> pd.DataFrame:
    """A table of `docs/data`."""
    return pd.read_csv(ROOT / "docs" / "data" / f"{name}.csv")


def read_texts(name: str) -> pd.DataFrame:
    """A table of `docs/data` whose digits a page shows as they are."""
    file = ROOT / "docs" / "data" / f"{name}.csv"
    return pd.read_csv(file, dtype=str, keep_default_na=False)


def read_record(name: str) -> dict:
    """A record of `docs/data`."""
    return json.loads((ROOT / "docs" / "data" / f"{name}.json").read_text())


def read_benchmark(name: str) -> dict:
    """A record that a benchmark wrote: rows, ratios, facts, settings."""
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text())


def read_precisions(name: str) -> dict[str, dict]:
    """The records of a benchmark by precision of the networks, one for each that was measured."""
    folder = ROOT / "benchmarks" / "results"
    return {
        precision: read_benchmark(f"{name}_{precision}")
        for precision in PRECISIONS
        if (folder / f"{name}_{precision}.json").is_file()
    }


def rows_of(record: dict, group: str) -> list[dict]:
    """The rows of one group of a benchmark's record."""
    return [row for row in record["rows"] if row["group"] == group]


def markdown_table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def label(name: str) -> str:
    """A name of the code as a text has it."""
    return name.replace("_", " ")


def wrap_sentences(text: str) -> str:
    """Markdown with no line of prose longer than a page allows; tables as they are."""
    return "\n".join(
        line if line.startswith("|") else textwrap.fill(line, LINE_LENGTH)
        for line in text.splitlines()
    )
