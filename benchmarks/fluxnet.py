"""Time and memory of reading an archive of FLUXNET files.

Makes archives in the layout of FLUXNET FULLSET files (201 columns) and runs the workflow over
them up to the annual fluxes of all towers. `daily` is 200 sites of daily tables, 1 GB of text,
on two cores; `reread` is the same archive after one zip file was replaced; `half_hourly` is one
site with 20 years of half hours.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.harness import (
    ROOT,
    Measured,
    Option,
    Usage,
    measure_command,
    scratch_folder,
)
from tests.builders.fluxnet_files import (
    file_name,
    half_hours,
    information,
    place,
    table_of,
    write_zip,
)

COLUMNS = 201
LIMITS = {
    "daily": {"seconds": 300, "megabytes": 2000},
    "reread": {"seconds": 300, "megabytes": 2000},
    "half_hourly": {"seconds": 300, "megabytes": 1000},
}
OVERLAY = """\
run: bench
towers: {fluxnet: fluxes, folder: .}
"""
CLASSES = ("ENF", "EBF", "DBF", "MF", "GRA")
OPTIONS = {
    "cores": Option(2, 2, "cores of the workflow"),
    "sites": Option(200, 8, "sites of the daily archive"),
    "daily_years": Option(10, 1, "years of each of them, from 2004"),
    "half_hourly_years": Option(20, 6, "years of the half-hourly site, from 1995"),
}


def measure(
    *, cores: int, sites: int, daily_years: int, half_hourly_years: int
) -> Measured:
    """The three cases, each beside its limits."""
    daily_span = range(2004, 2004 + daily_years)
    half_hourly_span = range(1995, 1995 + half_hourly_years)
    with scratch_folder() as folder:
        daily, half_hourly = folder / "daily", folder / "half_hourly"
        size = prepare(daily, sites, "DD", daily_span)
        rows = [case("daily", read_archive(daily, cores), text_megabytes=size)]
        fluxes = pd.read_csv(daily / "results/bench/towers/site_years.csv")
        rows[0] |= {"sites": sites, "site_years": len(fluxes)}
        replace_one(daily, daily_span)
        rows.append(case("reread", read_archive(daily, cores)))
        size = prepare(half_hourly, 1, "HH", half_hourly_span)
        usage = read_archive(half_hourly, cores)
        rows.append(case("half_hourly", usage, text_megabytes=size))
    return Measured(rows=rows, limits=LIMITS)


def case(name: str, usage: Usage, **facts: float) -> dict:
    """A row of the record."""
    return {"name": name, **facts, **usage.within(**LIMITS[name])}


def read_archive(folder: Path, cores: int) -> Usage:
    """The workflow up to the towers' fluxes."""
    command = ["snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    command += ["--configfile", folder / "bench.yaml", "--cores", cores]
    command += ["--until", "tower_fluxes", "--quiet", "rules", "progress"]
    return measure_command(command, log=folder / "log")


def prepare(folder: Path, sites: int, resolution: str, years: range) -> int:
    """An archive and the overlay that reads it; return the megabytes of its text."""
    size = make_archive(folder / "fluxes", sites, resolution, years)
    (folder / "bench.yaml").write_text(OVERLAY)
    # The plan asks where series lie; none are read before the towers' fluxes.
    (folder / "predictors_8day.parquet").touch()
    return round(size / 1e6)


def make_archive(folder: Path, sites: int, resolution: str, years: range) -> int:
    """Write zip files and a table of site information; return the bytes of text in them."""
    texts = [table_text(resolution, years, seed=seed) for seed in range(min(4, sites))]
    folder.mkdir(parents=True)
    places, size = {}, 0
    for number in range(sites):
        site = f"DE-{number:03d}"
        text = texts[number % len(texts)]
        write_site(folder, site, resolution, years, text)
        places[site] = place(
            -50 + number % 100, -170 + 1.5 * number, CLASSES[number % 5]
        )
        size += len(text)
    (folder / "FLX_AA-Flx_BIF_LATEST.csv").write_text(information(places))
    return size


def write_site(
    folder: Path, site: str, resolution: str, years: range, text: str
) -> None:
    """The zip file of one site."""
    path = file_name(site, "", years, part="FULLSET", suffix="zip")
    inside = file_name(site, resolution, years, part="FULLSET")
    write_zip(folder / path, {inside: text})


def replace_one(folder: Path, years: range) -> None:
    """Other numbers for one site."""
    text = table_text("DD", years, seed=99)
    write_site(folder / "fluxes", "DE-007", "DD", years, text)


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
