"""How long and in how much memory an archive of towers is read.

Makes archives in the layout of FLUXNET FULLSET files (201 columns), runs the workflow over them up
to the annual fluxes of all towers, and writes what it took beside what it may take:

    python benchmarks/archive.py --output benchmarks/archive.json

`daily` is 200 sites of daily tables, 1 GB of text, on two cores; `half_hourly` one site with 20
years of half hours. `reread` is the daily archive again after one zip was replaced.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from tests.builders.fluxnet_files import (
    file_name,
    half_hours,
    information,
    place,
    table_of,
    write_zip,
)

ROOT = Path(__file__).parents[1]

COLUMNS = 201
DAILY_SITES, DAILY_YEARS = 200, range(2004, 2014)
HALF_HOURLY_YEARS = range(1995, 2015)
LIMITS = {
    "daily": {"seconds": 300, "megabytes": 2000},
    "half_hourly": {"seconds": 300, "megabytes": 1000},
    "reread": {"seconds": 300, "megabytes": 2000},
}
OVERLAY = """\
run: bench
towers: {fluxnet: fluxes, folder: .}
"""
CLASSES = ("ENF", "EBF", "DBF", "MF", "GRA")


def table_text(resolution: str, years: range, *, seed: int) -> str:
    """A table of one site as text, as wide as a FULLSET table is."""
    table = table_of(resolution, half_hours(years, seed=seed), part="FULLSET")
    missing = COLUMNS - table.shape[1]
    names = ",".join(f"TA_F_MDS_{number}" for number in range(missing))
    rng = np.random.default_rng(seed)
    # A year of what stands beside the fluxes; its numbers are not read, only passed over.
    beside = [
        ",".join(f"{value:.3f}" for value in rng.normal(20, 15, missing))
        for _ in range(366)
    ]
    text = table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    header, *rows = text.splitlines()
    lines = (f"{row},{beside[number % 366]}" for number, row in enumerate(rows))
    return "\n".join([f"{header},{names}", *lines]) + "\n"


def make_archive(folder: Path, sites: int, resolution: str, years: range) -> int:
    """Write zip files and a table of site information; return the bytes of text in them."""
    texts = [table_text(resolution, years, seed=seed) for seed in range(min(4, sites))]
    folder.mkdir(parents=True)
    places, size = {}, 0
    for number in range(sites):
        site = f"DE-{number:03d}"
        text = texts[number % len(texts)]
        inside = file_name(site, resolution, years, part="FULLSET")
        path = file_name(site, "", years, part="FULLSET", suffix="zip")
        write_zip(folder / path, {inside: text})
        places[site] = place(
            -50 + number % 100, -170 + 1.5 * number, CLASSES[number % 5]
        )
        size += len(text)
    (folder / "FLX_AA-Flx_BIF_LATEST.csv").write_text(information(places))
    return size


def measure(folder: Path, *, cores: int) -> tuple[float, float, float]:
    """The workflow up to the towers' fluxes: seconds, core seconds, most megabytes at once.

    Core seconds tell what a busy machine hides: on idle cores a run takes about their share.
    """
    command = ["snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    command += ["--configfile", folder / "bench.yaml", "--cores", str(cores)]
    command += ["--until", "tower_fluxes", "--quiet", "all"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    start, worked, most = time.monotonic(), core_seconds(), 0
    process = subprocess.Popen(command, env=os.environ | {"PATH": path})
    while process.poll() is None:
        most = max(most, resident(process.pid))
        time.sleep(0.1)
    if process.returncode:
        sys.exit(process.returncode)
    return time.monotonic() - start, core_seconds() - worked, most / 1e6


def core_seconds() -> float:
    """Time that all finished children have worked, in user code and in the system."""
    times = os.times()
    return times.children_user + times.children_system


def resident(pid: int) -> int:
    """Bytes that a process and its children hold in memory."""
    total = 0
    try:
        parent = psutil.Process(pid)
        for process in [parent, *parent.children(recursive=True)]:
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
    except psutil.NoSuchProcess:
        pass
    return total


def prepare(folder: Path, sites: int, resolution: str, years: range) -> int:
    """An archive and the overlay that reads it; return the bytes of its text."""
    size = make_archive(folder / "fluxes", sites, resolution, years)
    (folder / "bench.yaml").write_text(OVERLAY)
    # The plan asks where series lie; none are read before the towers' fluxes.
    (folder / "predictors_8day.parquet").touch()
    return size


def entry(name: str, measured: tuple[float, float, float], **facts: float) -> dict:
    """What was measured beside its limits."""
    limits, (seconds, worked, megabytes) = LIMITS[name], measured
    return {
        **facts,
        "seconds": round(seconds, 1),
        "core_seconds": round(worked, 1),
        "seconds_limit": limits["seconds"],
        "megabytes": round(megabytes),
        "megabytes_limit": limits["megabytes"],
        "within": seconds <= limits["seconds"] and megabytes <= limits["megabytes"],
    }


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--sites", type=int, default=DAILY_SITES)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="archive_benchmark_"))
    results: dict = {"cores": options.cores, "load_before": os.getloadavg()[0]}
    try:
        daily = folder / "daily"
        size = prepare(daily, options.sites, "DD", DAILY_YEARS)
        measured = measure(daily, cores=options.cores)
        fluxes = pd.read_csv(daily / "results/bench/towers/site_years.csv")
        results["daily"] = entry(
            "daily",
            measured,
            sites=options.sites,
            site_years=len(fluxes),
            text_megabytes=round(size / 1e6),
        )
        one = next((daily / "fluxes").glob("FLX_DE-007*"))
        text = table_text("DD", DAILY_YEARS, seed=99)
        write_zip(one, {file_name("DE-007", "DD", DAILY_YEARS, part="FULLSET"): text})
        results["reread"] = entry("reread", measure(daily, cores=options.cores))
        half = folder / "half_hourly"
        size = prepare(half, 1, "HH", HALF_HOURLY_YEARS)
        measured = measure(half, cores=options.cores)
        results["half_hourly"] = entry(
            "half_hourly",
            measured,
            years=len(HALF_HOURLY_YEARS),
            text_megabytes=round(size / 1e6),
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    results["load_after"] = os.getloadavg()[0]
    options.output.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
