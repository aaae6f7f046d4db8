"""How fast and in how much memory the archive is asked, against a server with 200 ms latency.

Runs the job `extract` on towers and on tiles with 1, 8, 20 and 40 requests in flight, and on
ever more tiles for its memory. The server is the emulator of the tests in a process of its own;
answers to all places of one shape are the same and are made before anything is measured:

    python benchmarks/earthengine.py --output benchmarks/earthengine.json

A rate is requests for pixels over the time from the first that comes to the last that is
answered, as the server sees it. `bare` is the rate at which the server answers a client that
does nothing but ask: nobody can be faster than that here.
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import yaml

from forestflux.core.grid import Grid
from forestflux.core.product_table import read_products
from forestflux.jobs.configuration import read_configuration
from forestflux.jobs.store import write_json

ROOT = Path(__file__).parents[1]

YEAR = 2003
LATENCY_S = 0.2
IN_FLIGHT = (1, 8, 20, 40)
LEAST_RATIO = 0.85
MOST_MEGABYTES = 1000
# Places of the rates by requests in flight; of five and of eight requests each.
TOWERS = {1: 8, 8: 40, 20: 80, 40: 160}
SMALL_TILES = {1: 4, 8: 20, 20: 60, 40: 160}
SMALL_CELLS, LARGE_CELLS = 8, 400
LARGE_TILES = (1, 4, 8)


@dataclass(frozen=True)
class Server:
    """Address and key file of a server."""

    url: str
    key: Path


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    """A server in a process of its own."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.earthengine.serve"),
            *("--key", str(folder / "key.json"), "--keep", "shape"),
        ],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Server(process.stdout.readline().strip(), folder / "key.json")
    finally:
        process.stdin.close()
        process.wait()


def control(there: Server, **wanted: object) -> None:
    """Change the server and empty its book."""
    urllib.request.urlopen(
        f"{there.url}/control", data=json.dumps(wanted).encode()
    ).close()


def book(there: Server) -> dict:
    """What was asked since the book was emptied."""
    with urllib.request.urlopen(f"{there.url}/control") as answer:
        return json.load(answer)


def access(there: Server, folder: Path, in_flight: int) -> dict:
    """The section `earthengine` of the configuration."""
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    config["earthengine"] = {
        "url": there.url,
        "project": "forests",
        "credentials": str(there.key),
        "cache": str(folder / "cache"),
        "in_flight": in_flight,
    }
    return read_configuration(config).earthengine.model_dump(mode="json")


def towers(count: int) -> pd.DataFrame:
    """Towers over all land and sea, none near another."""
    number = np.arange(count)
    return pd.DataFrame(
        {
            "site": [f"XX-{n:03d}" for n in number],
            "lat": -50 + 1.37 * number % 110,
            "lon": -170 + 2.11 * number % 340,
            "igbp": "ENF",
        }
    )


def tiles(count: int, cells: int) -> list[str]:
    """Names of tiles of the grid of 0.05 degree."""
    every = Grid(0.05, cells).tiles()
    return [tile.name for tile in every[len(every) // 3 :][:count]]


def extract(
    there: Server, places: list[str], *, in_flight: int, sites: pd.DataFrame, cells: int
) -> float:
    """Run the job with an empty cache; its largest memory, megabytes."""
    kind = "tower" if places == ["towers"] else "tile"
    table = read_products(ROOT / "config" / "products.yaml").only([kind])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sites.to_csv(folder / "sites.csv", index=False)
        settings = {
            "source": "earthengine",
            "settings": {
                "forest_only": False,
                "grid": {"resolution_deg": 0.05, "tile_cells": cells},
            },
        }
        words = [
            *("--places", *places, "--years", str(YEAR)),
            *("--sites", "sites.csv", "--table", "--subsets"),
            *("--settings", json.dumps(settings), "--products", table.to_json()),
            *("--runtime", json.dumps(access(there, folder, in_flight)), "--code", "1"),
            *("--manifest", "extract/job.json", "--log", "job.log"),
        ]
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "workflow" / "scripts" / "extract.py"), *words],
            cwd=folder,
            env=os.environ | {"OMP_NUM_THREADS": "1", "NO_PROXY": "127.0.0.1"},
        )
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit((folder / "job.log").read_text())
        return usage.ru_maxrss / 1024


def rate_of(there: Server) -> float:
    """Requests per second of what was asked since the book was emptied."""
    records = [r for r in book(there)["records"] if r["path"] == "image:computePixels"]
    if not all(record["finished"] for record in records):
        raise SystemExit("some requests were not answered")
    began = min(record["began"] for record in records)
    return len(records) / (max(record["ended"] for record in records) - began)


def bare_rate(there: Server, in_flight: int, requests: int) -> float:
    """Rate at which the last body is answered to threads that do nothing but ask."""
    text = json.dumps(book(there)["sample"])
    control(there)
    headers = {"Authorization": "Bearer token", "Content-Type": "application/json"}

    def ask() -> None:
        way = http.client.HTTPConnection(urlsplit(there.url).netloc)
        for _ in range(requests // in_flight):
            path = "/v1/projects/forests/image:computePixels"
            way.request("POST", path, body=text, headers=headers)
            way.getresponse().read()

    threads = [threading.Thread(target=ask) for _ in range(in_flight)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return rate_of(there)


def measure_rates(
    there: Server, kind: str, counts: dict[int, int], runs: int
) -> list[dict]:
    """Rates of a kind of place against multiples of the rate of single requests."""

    def rate(in_flight: int) -> float:
        count = counts[in_flight]
        places = ["towers"] if kind == "towers" else tiles(count, SMALL_CELLS)
        control(there, latency_s=LATENCY_S)
        extract(
            there,
            places,
            in_flight=in_flight,
            sites=towers(count),
            cells=SMALL_CELLS,
        )
        return rate_of(there)

    control(there, latency_s=0)
    extract(
        there,
        ["towers"] if kind == "towers" else tiles(1, SMALL_CELLS),
        in_flight=4,
        sites=towers(1),
        cells=SMALL_CELLS,
    )
    # Runs alternate, so that whatever else runs here disturbs all alike.
    found = {in_flight: [] for in_flight in counts}
    bare = []
    for _ in range(runs):
        for in_flight in counts:
            found[in_flight].append(rate(in_flight))
        bare.append(bare_rate(there, max(counts), 10 * max(counts)))
    single = statistics.median(found[1])
    rows = [
        ratio_of(f"{kind}, {n} in flight", statistics.median(rates), n * single, runs)
        for n, rates in found.items()
    ]
    most = max(counts)
    limit = statistics.median(bare)
    return [
        *rows,
        ratio_of(f"{kind}, {most} in flight, bare", limit, most * single, runs),
    ]


def ratio_of(name: str, ours: float, other: float, runs: int) -> dict:
    """A line of the record."""
    return {
        "name": name,
        "ours": round(ours, 3),
        "other": round(other, 3),
        "ratio": round(ours / other, 3),
        "runs": runs,
    }


def measure_memory(there: Server) -> list[dict]:
    """Largest memory of the job for several numbers of large tiles."""
    control(there, latency_s=0)
    rows = []
    for count in LARGE_TILES:
        used = extract(
            there,
            tiles(count, LARGE_CELLS),
            in_flight=20,
            sites=towers(1),
            cells=LARGE_CELLS,
        )
        rows.append(ratio_of(f"memory, {count} large tiles", used, MOST_MEGABYTES, 1))
    return rows


def main() -> None:
    """Measure and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=("towers", "tiles", "memory"), nargs="*")
    arguments = parser.parse_args()
    wanted = arguments.only or ("towers", "tiles", "memory")
    rows = []
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name, server(Path(name)) as there:
        if "towers" in wanted:
            rows += measure_rates(there, "towers", TOWERS, arguments.runs)
        if "tiles" in wanted:
            rows += measure_rates(there, "tiles", SMALL_TILES, arguments.runs)
        if "memory" in wanted:
            rows += measure_memory(there)
    write_json(
        arguments.output,
        {
            "latency_s": LATENCY_S,
            "limits": {"ratio at 40": LEAST_RATIO, "megabytes": MOST_MEGABYTES},
            "load": os.getloadavg(),
            "seconds": round(time.monotonic() - started),
            "ratios": rows,
        },
    )


if __name__ == "__main__":
    main()
