"""How long and in how much memory the whole series is planned: every tile and year of the globe.

    python benchmarks/dag.py --output benchmarks/dag.json

Dry runs of config/series.yaml (20 years at 0.05 degree, 162 tiles, 25 towers that are made here)
with jobs that own more or less, on a laptop's profile and on SLURM's.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from archive import core_seconds, resident

from forestflux.jobs.store import write_json
from tests.builders.tower_folders import tower_folder

ROOT = Path(__file__).parents[1]

YEARS = range(2001, 2021)
SECONDS, MEGABYTES = 60, 1000
SLURM = ("--workflow-profile", str(ROOT / "profiles/slurm"))
# name: (keys beside config/series.yaml, words of the command line)
CASES = {
    "as config/series.yaml has it": ({}, ()),
    "the same with profiles/slurm": ({}, SLURM),
    "one tile and year a job": ({"jobs": {"tiles": 1, "years": 1}}, ()),
    "one tile and year a job, profiles/slurm": (
        {"jobs": {"tiles": 1, "years": 1}},
        SLURM,
    ),
    "tiles a quarter as large": ({"grid": {"tile_cells": 200}}, ()),
}


def plan(folder: Path, keys: dict, words: tuple[str, ...]) -> dict[str, float]:
    """One dry run: its jobs, seconds, core seconds and most megabytes at once.

    Core seconds tell what a busy machine hides: on idle cores a dry run takes about as long.
    """
    overlay = folder / "overlay.yaml"
    write_json(overlay, keys)  # JSON is YAML
    command = ["snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    command += ["--configfile", ROOT / "config/series.yaml", overlay]
    command += ["--dry-run", "--cores", "2", "--quiet", "rules", *words]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    log = folder / "log"
    start, worked, most = time.monotonic(), core_seconds(), 0
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            env=os.environ | {"PATH": path},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        while process.poll() is None:
            most = max(most, resident(process.pid))
            time.sleep(0.1)
    if process.returncode:
        sys.exit(log.read_text())
    seconds = time.monotonic() - start
    return {
        "jobs": int(re.findall(r"^total +(\d+)$", log.read_text(), re.M)[0]),
        "seconds": round(seconds, 1),
        "core_seconds": round(core_seconds() - worked, 1),
        "megabytes": round(most / 1e6),
        "within": seconds <= SECONDS and most <= MEGABYTES * 1e6,
    }


def measure(folder: Path) -> dict:
    """Every case once."""
    tower_folder(folder / "data/towers", forest=20, other=5, years=YEARS)
    return {
        "cores": psutil.cpu_count(),
        "seconds_limit": SECONDS,
        "megabytes_limit": MEGABYTES,
        "dry_runs": {name: plan(folder, *case) for name, case in CASES.items()},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    output = parser.parse_args().output
    with tempfile.TemporaryDirectory() as name:
        found = measure(Path(name))
    write_json(output, found)
    print(json.dumps(found, indent=1))
