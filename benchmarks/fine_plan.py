"""Time and memory of planning a continent at 0.005 degree: the dry run, and `snakemake plan`.

South America, country by country, in one year and in two, with jobs that own more or fewer tiles.
The plan counts what Earth Engine would be asked for; nothing is sent.
"""

import re
from pathlib import Path

from benchmarks.harness import ROOT, Measured, Option, measure_command, scratch_folder
from benchmarks.planning import LIMITS, YEARS, plan_run
from forestflux.jobs.small_files import write_json
from tests.builders.tower_folders import tower_folder

COUNTRIES = ("ARG", "BOL", "BRA", "CHL", "COL", "ECU", "GUF", "GUY", "PER", "PRY")
COUNTRIES += ("SUR", "URY", "VEN")
GRID = {"resolution_deg": 0.005, "tile_cells": 400}
ONE_YEAR = {"year": 2018}
OPTIONS = {
    "region": Option(COUNTRIES, ("LUX",), "as the key `region`"),
    "job_tiles": Option((1, 4, 20), (4,), "tiles that a job owns, one run each"),
}


def measure(*, region: tuple[str, ...], job_tiles: tuple[int, ...]) -> Measured:
    """Dry runs of one year and of two, and the plan of one year."""
    keys = {"region": list(region), "grid": GRID}
    with scratch_folder() as folder:
        tower_folder(folder / "data/towers", forest=20, other=5, years=YEARS)
        rows = [
            {"group": "dry run", "years": years, "job_tiles": count}
            | plan_run(
                folder,
                keys | more | {"jobs": {"tiles": count}},
                words,
                base="global",
            )
            for count in job_tiles
            for years, more, words in (
                (1, ONE_YEAR, ("--", "products")),
                (2, {}, ()),
            )
        ]
        rows.append({"group": "plan"} | plan_requests(folder, keys | ONE_YEAR))
    return Measured(rows=rows, facts={"region": list(region)}, limits=LIMITS)


def plan_requests(folder: Path, keys: dict) -> dict:
    """What `snakemake plan` says of the tiles, and what it took."""
    overlay, log = folder / "overlay.yaml", folder / "log"
    write_json(overlay, keys)  # JSON is YAML
    command = ["snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    command += ["--configfile", ROOT / "config/global.yaml", overlay]
    usage = measure_command([*command, "--cores", "1", "--", "plan"], log=log)
    text = log.read_text()
    (tiles,) = re.findall(r"^(\d+) tiles, ", text, re.M)
    *_, sums = re.findall(r"^all +(\d+) +\d+ +([\d.]+)$", text, re.M)
    *_, disk = re.findall(r"GiB of answers and ([\d.]+) GiB of stores", text)
    return {
        "tiles": int(tiles),
        "requests": int(sums[0]),
        "gib": round(float(sums[1]) / 1024, 1),
        "disk_gib": float(disk),
        **usage.numbers(),
    }
