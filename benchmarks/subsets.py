"""Reading of MODIS subsets: time and memory for many towers and years.

Writes ORNL CSV (odd towers) and JSON (even towers) files of six layers - NDVI and EVI of
Terra, their pixel reliability, ET, its QC and LST by day - with the windows that the
service gives (17 x 17 pixels of 500 m, 9 x 9 of 1 km), then reads them as the rule
`subsets` does.

    python benchmarks/subsets.py --towers 200 --years 20
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from tests.builders.subsets import (
    collect,
    eight_days,
    place_word,
    sixteen_days,
    write_csv,
    write_json,
)

ROOT = Path(__file__).parents[1]

LAYERS = (
    ("MOD13A1", "500m_16_days_NDVI", 17, (2000, 9000)),
    ("MOD13A1", "500m_16_days_EVI", 17, (1000, 6000)),
    ("MOD13A1", "500m_16_days_pixel_reliability", 17, (0, 4)),
    ("MOD16A2GF", "ET_500m", 17, (0, 600)),
    ("MOD16A2GF", "ET_QC_500m", 17, (0, 1)),
    ("MOD11A2", "LST_Day_1km", 9, (13500, 15500)),
)


def main() -> None:
    """Write the files, read them, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--towers", type=int, default=200)
    parser.add_argument("--years", type=int, default=20)
    arguments = parser.parse_args()
    years = range(2001, 2001 + arguments.years)
    with tempfile.TemporaryDirectory() as folder:
        sites = write_files(Path(folder), arguments.towers, years)
        files = [file for file in Path(folder).rglob("*") if file.is_file()]
        size = sum(file.stat().st_size for file in files) / 1e6
        before = peak_mb()
        start = time.perf_counter()
        images, _ = collect(Path(folder), sites)
        seconds = time.perf_counter() - start
    print(f"{len(files)} files, {size:.0f} MB, {arguments.towers} towers")
    print(f"read in {seconds:.0f} s, {size / seconds:.0f} MB s-1")
    print(f"images: {images.nbytes / 1e6:.0f} MB")
    print(f"largest memory: {peak_mb():.0f} MB ({before:.0f} MB before reading)")


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


def peak_mb() -> float:
    """Largest memory that this process has held, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
