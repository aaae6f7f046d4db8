"""Time and memory of planning the whole series: every tile and year of the globe.

Dry runs of config/series.yaml (20 years at 0.05 degree, 162 tiles, 25 towers that are made
here) with jobs that own more or less, with a laptop's profile and with SLURM's.
"""

import re
from pathlib import Path

from benchmarks.harness import ROOT, Measured, Option, measure_command, scratch_folder
from forestflux.jobs.small_files import write_json
from tests.builders.tower_folders import tower_folder

YEARS = range(2001, 2021)
LIMITS = {"seconds": 60, "megabytes": 1000}
SLURM = ("--workflow-profile", str(ROOT / "profiles/slurm"))
SINGLE = {"jobs": {"tiles": 1, "years": 1}}
# name: (keys beside config/series.yaml, words of the command line)
CASES = {
    "as config/series.yaml has it": ({}, ()),
    "the same with profiles/slurm": ({}, SLURM),
    "one tile and year a job": (SINGLE, ()),
    "one tile and year a job, profiles/slurm": (SINGLE, SLURM),
    "tiles a quarter as large": ({"grid": {"tile_cells": 200}}, ()),
}
OPTIONS = {
    "cases": Option(len(CASES), 1, "the first so many cases"),
}


def measure(*, cases: int) -> Measured:
    """Every case once."""
    with scratch_folder() as folder:
        tower_folder(folder / "data/towers", forest=20, other=5, years=YEARS)
        rows = [
            {"name": name, **plan_run(folder, keys, words)}
            for name, (keys, words) in list(CASES.items())[:cases]
        ]
    return Measured(rows=rows, limits=LIMITS)


def plan_run(
    folder: Path, keys: dict, words: tuple[str, ...], *, base: str = "series"
) -> dict:
    """One dry run: its jobs and what it took.

    Parameters
    ----------
    folder : working directory, with tables of towers
    keys : beside config/{base}.yaml
    words : of the command line
    """
    overlay, log = folder / "overlay.yaml", folder / "log"
    write_json(overlay, keys)  # JSON is YAML
    command = ["snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    command += ["--configfile", ROOT / f"config/{base}.yaml", overlay]
    command += ["--dry-run", "--cores", "2", "--quiet", "rules", *words]
    usage = measure_command(command, log=log)
    jobs = int(re.findall(r"^total +(\d+)$", log.read_text(), re.M)[0])
    return {"jobs": jobs, **usage.within(**LIMITS)}
