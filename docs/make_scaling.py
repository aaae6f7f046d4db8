"""Write the tables of docs/scaling.md from the records of the benchmarks.

Run after `make bench`, `benchmarks/growth.py` and `benchmarks/layout.py`.
"""

import json
from pathlib import Path

from make_readme import fill, inference

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "scaling.md"

# 500 m: forest cells, cells of land beside each of them as at 0.05 degree, and what Earth
# Engine sends for a cell-year and a request (`snakemake plan` with config/global.yaml).
FINE_FOREST = 160e6
ASKED_BYTES = 2173
REQUEST_BYTES = 48 * 2**20
NODE_CORES = 32


def read(name: str) -> dict:
    """A record of the benchmarks."""
    return json.loads((ROOT / "benchmarks" / f"{name}.json").read_text())


def shares() -> str:
    """Where the processor time of the stage goes."""
    found = read("inference")["shares"]
    lines = ["| share | found |", "|---|---|"]
    return "\n".join(
        [*lines, *(f"| {name} | {value:.2f} |" for name, value in found.items())]
    )


def growth() -> str:
    """Jobs against cells, members and tiles, and the exponents."""
    found = read("growth")
    head = "| job | forest cells | members | seconds | processor seconds | MB |"
    lines = [head, "|---|---|---|---|---|---|"]
    rows = [("infer, more cells", row, 5) for row in found["cells"]]
    rows += [("infer, more members", row, row["members"]) for row in found["members"]]
    rows += [(f"infer, {row['tiles']} tiles", row, 5) for row in found["tiles"]]
    rows += [("infer, all land tiles", found["globe"], 5)]
    rows += [("map, the globe", found["map"] | {"cells": found["globe"]["cells"]}, 5)]
    for name, row, members in rows:
        lines.append(
            f"| {name} | {row['cells']:,} | {members} | {row['seconds']:.0f} |"
            f" {row['processor_seconds']:.0f} | {row['megabytes']:.0f} |"
        )
    slopes = [f"{name}: {value:.2f}" for name, value in found["exponents"].items()]
    return "\n".join([*lines, "", f"Fitted exponents: {'; '.join(slopes)}."])


def layout() -> str:
    """Sizes and rates of the layouts."""
    found = read("layout")
    head = "| layout | MB | files | bytes per land cell | write | read | read 50 rows |"
    lines = [head, "|---|---|---|---|---|---|---|"]
    for row in found["layouts"]:
        lines.append(
            f"| {row['layout']} | {row['megabytes']} | {row['files']} |"
            f" {row['bytes_per_land_cell']} | {row['write_mb_s']} | {row['read_mb_s']} |"
            f" {row['read_rows_mb_s']} |"
        )
    land = f"{found['land_cells']:,}"
    return "\n".join(
        [*lines, "", f"Rates in MB of float32 per second; {land} land cells."]
    )


def estimate() -> str:
    """What a year at 500 m would take, step by step."""
    found, sizes = read("growth"), read("layout")
    globe = found["globe"]
    rate = globe["cells"] / globe["processor_seconds"]
    hours = FINE_FOREST / rate / 3600
    per_cell = sizes["layouts"][0]["bytes_per_land_cell"]
    beside = found["land_cells"] / globe["cells"]
    disk = FINE_FOREST * beside * per_cell
    requests = FINE_FOREST * beside * ASKED_BYTES / REQUEST_BYTES
    return "\n".join(
        [
            f"- Rate: {globe['cells']:,} forest cells in {globe['processor_seconds']:.0f}"
            f" processor seconds are {rate:,.0f} cells per second and core (5 members).",
            f"- Networks: {FINE_FOREST:,.0f} / {rate:,.0f} = {hours:.1f} core hours a year:"
            f" {hours / NODE_CORES * 60:.0f} minutes on 1 node of {NODE_CORES} cores,"
            f" {hours / NODE_CORES * 36:.0f} seconds on 100 of them, plus the start of the"
            " jobs and if the disks keep up.",
            f"- Disk: {beside:.2f} land cells for each forest cell, as at 0.05 degree, x"
            f" {per_cell} bytes: {disk / 1e9:,.0f} GB of masked cubes a year.",
            f"- Requests: {FINE_FOREST * beside:,.0f} cells x {ASKED_BYTES} bytes / 48 MiB:"
            f" at least {requests:,.0f} a year, {FINE_FOREST * beside * ASKED_BYTES / 1e12:.2f}"
            " TB.",
        ]
    )


if __name__ == "__main__":
    page = PAGE.read_text()
    for block in (inference, shares, growth, layout, estimate):
        page = fill(page, block.__name__, block())
    PAGE.write_text(page)
