"""Rate and memory of requests to Earth Engine, against a server with 200 ms latency.

Runs the job `extract` on towers and on tiles with 1, 8, 20 and 40 requests in flight, and on
ever more tiles for its memory. The server is the emulator of the tests in a process of its own;
answers to all places of one shape are the same and are made before anything is measured.

A rate is requests for pixels over the time from the first that comes to the last that is
answered, as the server sees it. `bare` is the rate at which the server answers a client that
does nothing but ask: nobody can be faster than that here.
"""

import http.client
import json
import math
import statistics
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import yaml

from benchmarks.harness import (
    ROOT,
    Measured,
    Option,
    Usage,
    compare,
    measure_command,
    script_words,
)
from forestflux.core.grids.grid import Grid
from forestflux.core.product_tables.product_table import read_products
from forestflux.jobs.configuration import read_configuration

YEAR = 2003
LATENCY_S = 0.2
LIMITS = {"ratio at 40": 0.85, "megabytes": 1000}
# Places of the rates by requests in flight; of five and of eight requests each.
TOWERS = {1: 8, 8: 40, 20: 80, 40: 160}
SMALL_TILES = {1: 4, 8: 20, 20: 60, 40: 160}
SMALL_CELLS, LARGE_CELLS = 8, 400
OPTIONS = {
    "kinds": Option(("towers", "tiles", "memory"), ("towers",), "what is measured"),
    "runs": Option(3, 1, "turns"),
    "share": Option(1.0, 0.05, "share of the places of a full run"),
    "large_tiles": Option((1, 4, 8), (1,), "numbers of tiles whose memory is measured"),
}


def measure(
    *, kinds: tuple[str, ...], runs: int, share: float, large_tiles: tuple[int, ...]
) -> Measured:
    """Rates of towers and tiles, and memory."""
    measured = Measured(limits=LIMITS, facts={"latency_s": LATENCY_S})
    with tempfile.TemporaryDirectory() as name, server(Path(name)) as there:
        for kind, counts in (("towers", TOWERS), ("tiles", SMALL_TILES)):
            if kind in kinds:
                fewer = {n: math.ceil(share * count) for n, count in counts.items()}
                measured.ratios += measure_rates(there, kind, fewer, runs)
        if "memory" in kinds:
            measured.rows += measure_memory(there, large_tiles)
    return measured


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
            *(sys.executable, "-m", "tests.earthengine.emulator.serve"),
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
) -> Usage:
    """Run the job with an empty cache."""
    kind = "tower" if places == ["towers"] else "tile"
    table = read_products(ROOT / "config" / "products.yaml").only([kind])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sites.to_csv(folder / "sites.csv", index=False)
        words = script_words(
            "extract",
            places=places,
            years=YEAR,
            sites="sites.csv",
            table=[],
            subsets=[],
            region=[],
            settings={
                "source": "earthengine",
                "settings": {"forest_only": False},
                "grid": {"resolution_deg": 0.05, "tile_cells": cells},
            },
            products=table.to_json(),
            runtime=access(there, folder, in_flight),
            code="benchmark",
            manifest="extract/job.json",
        )
        alone = {"OMP_NUM_THREADS": "1", "NO_PROXY": "127.0.0.1"}
        return measure_command(words, log=folder / "log", cwd=folder, env=alone)


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

    def run_job(count: int, in_flight: int) -> None:
        places = ["towers"] if kind == "towers" else tiles(count, SMALL_CELLS)
        sites = towers(count)
        extract(there, places, in_flight=in_flight, sites=sites, cells=SMALL_CELLS)

    control(there, latency_s=0)
    run_job(1, 4)  # answers of this shape are made now
    rates: dict[int, list[float]] = {in_flight: [] for in_flight in counts}
    most, bare = max(counts), []
    for _ in range(runs):
        for in_flight, count in counts.items():
            control(there, latency_s=LATENCY_S)
            run_job(count, in_flight)
            rates[in_flight].append(rate_of(there))
        bare.append(bare_rate(there, most, 10 * most))
    single = statistics.median(rates[1])

    def against(name: str, found: list[float], in_flight: int) -> dict:
        other = [in_flight * single] * len(found)
        return compare(f"{kind}, {name}", found, other, unit="requests s-1")

    rows = [against(f"{n} in flight", found, n) for n, found in rates.items()]
    return [*rows, against(f"{most} in flight, bare", bare, most)]


def measure_memory(there: Server, large_tiles: tuple[int, ...]) -> list[dict]:
    """Memory of the job for several numbers of large tiles."""
    control(there, latency_s=0)
    rows = []
    for count in large_tiles:
        places, sites = tiles(count, LARGE_CELLS), towers(1)
        used = extract(there, places, in_flight=20, sites=sites, cells=LARGE_CELLS)
        rows.append({"name": f"{count} large tiles", "tiles": count, **used.numbers()})
    return rows
