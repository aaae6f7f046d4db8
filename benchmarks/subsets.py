"""Time and memory of reading MODIS subsets of many towers and years.

Writes ORNL CSV (odd towers) and JSON (even towers) files of six layers - NDVI and EVI of Terra,
their pixel reliability, ET, its QC and LST by day - with the windows that the service gives (17
x 17 pixels of 500 m, 9 x 9 of 1 km), then reads them as the rule `subsets` does.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.harness import Measured, Option, measure_call, scratch_folder
from tests.builders.subsets import (
    collect,
    eight_days,
    place_word,
    sixteen_days,
    write_csv,
    write_json,
)

LAYERS = (
    ("MOD13A1", "500m_16_days_NDVI", 17, (2000, 9000)),
    ("MOD13A1", "500m_16_days_EVI", 17, (1000, 6000)),
    ("MOD13A1", "500m_16_days_pixel_reliability", 17, (0, 4)),
    ("MOD16A2GF", "ET_500m", 17, (0, 600)),
    ("MOD16A2GF", "ET_QC_500m", 17, (0, 1)),
    ("MOD11A2", "LST_Day_1km", 9, (13500, 15500)),
)
OPTIONS = {
    "towers": Option(200, 2, "towers"),
    "years": Option(20, 1, "years of each, from 2001"),
}


def measure(*, towers: int, years: int) -> Measured:
    """Write the files, and read them in a process of its own."""
    with scratch_folder() as folder:
        sites = write_files(folder, towers, range(2001, 2001 + years))
        files = [file for file in folder.rglob("*") if file.is_file()]
        size = sum(file.stat().st_size for file in files) / 1e6
        usage = measure_call(read_files, folder, sites)
    facts = {
        "files": len(files),
        "megabytes_of_files": round(size),
        "megabytes_per_second": round(size / usage.seconds, 1),
    }
    return Measured(rows=[usage.numbers()], facts=facts)


def read_files(folder: Path, sites: pd.DataFrame) -> None:
    """What the rule does with the files."""
    collect(folder, sites)


def write_files(folder: Path, towers: int, years: range) -> pd.DataFrame:
    """Files of every tower; the table of towers."""
    rng = np.random.default_rng(1)
    sites = pd.DataFrame(
        {
            "site": [f"T{number:03d}" for number in range(towers)],
            "lat": np.round(rng.uniform(-50, 68, towers), 4),
            "lon": np.round(np.linspace(-175, 175, towers), 4),
        }
    )
    for tower in sites.itertuples():
        for product, band, side, (low, high) in LAYERS:
            sixteen = product.startswith("MOD13")
            days = sixteen_days(*years) if sixteen else eight_days(*years)
            values = rng.integers(low, high, (len(days), side, side))
            path = folder / tower.site / band
            if tower.Index % 2:
                place = place_word(tower.lat, tower.lon, side)
                write_csv(path, product, band, days, values, place=place)
            else:
                place = {"lat": tower.lat, "lon": tower.lon}
                write_json(path, product, band, days, values, **place)
    return sites
