"""Blocks with what the tests cost, from the table that `make test` writes on request."""

import pandas as pd
from tracked_files import markdown_table, read_table

# folder below tests: what runs there
PARTS = {
    "unit": "one function or class at a time; a folder for each room of the package",
    "earthengine": "the real client of Earth Engine against an emulator on this machine",
    "workflow": "runs of the workflow on a small planet: staleness, bad input, kills, full disks",
    "demo": "the demo from beginning to end, and the planted truth found again",
    "explorer": "the explorer in a real browser",
    "slurm": "the workflow through a real SLURM, with jobs that are killed",
}
SHOWN = 10


def read_costs() -> pd.DataFrame:
    """A row a test, with the folder it lies in."""
    costs = read_table("test_costs").fillna({"proves": ""})
    costs["part"] = costs["test"].str.split("/").str[1]
    return costs


def parts_of_the_tests() -> str:
    """Folders of tests, their cases and their processor time."""
    sums = read_costs().groupby("part")[["cases", "seconds"]].sum()
    rows = []
    for part, runs in PARTS.items():
        cost = sums.loc[part] if part in sums.index else None
        count = "" if cost is None else f"{cost.cases:.0f}"
        seconds = "not measured" if cost is None else f"{cost.seconds:.0f}"
        rows.append([f"`tests/{part}`", runs, count, seconds])
    return markdown_table(["folder", "what runs", "tests", "processor seconds"], rows)


def slowest_tests() -> str:
    """The most expensive tests and what each proves."""
    costs = read_costs()
    costs = costs[costs["test"].str.contains("::")]
    costs = costs.sort_values("seconds", ascending=False).head(SHOWN)
    rows = [
        [f"`{row.test.partition('/')[2]}`", f"{row.seconds:.0f}", row.proves]
        for row in costs.itertuples()
    ]
    return markdown_table(["test", "processor seconds", "what it proves"], rows)
