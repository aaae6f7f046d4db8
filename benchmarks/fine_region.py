"""Time, memory and disk of mapping regions of growing size at 0.005 degree, stage by stage.

Boxes in the Congo basin on the simulated planet, one year, from extraction to products, by the
workflow itself. What is finished stays in `results/fine-*`: the same command goes on after a kill.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.fine_maps import map_region, sum_scripts, train_model
from benchmarks.harness import Measured, Option, fit_exponent
from forestflux.core.grids.grid import cell_area
from forestflux.core.layers import REGION_SHARE
from forestflux.jobs.stores.store import load_store

RESOLUTION_DEG = 0.005
YEAR = 2018
# In the middle of a tile of two degrees, in forest on all sides.
CENTRE_LON, CENTRE_LAT = 25.0, 1.0
KM_PER_DEGREE = 111.2
LIMITS = {"megabytes": 1500}
# Folders of stores, and whether nothing reads them once the run is finished.
SCRATCH = {"extract": True, "cube": True, "mask": False, "infer": False}
SCRATCH |= {"departures": False, "level": False, "maps": False, "products": False}
OPTIONS = {
    "areas": Option((3_000, 30_000, 300_000), (30,), "areas of the regions, km2"),
    "tile_cells": Option(400, 20, "rows and columns of a tile"),
    "members": Option(3, 1, "networks of the ensemble"),
    "epochs": Option(0.1, 0.02, "length of the training, of the default one"),
    "cores": Option(2, 1, "cores of the runs"),
}


def measure(
    *,
    areas: tuple[int, ...],
    tile_cells: int,
    members: int,
    epochs: float,
    cores: int,
) -> Measured:
    """Map every region and say what each stage took."""
    shared = train_model(members=members, epochs=epochs, cores=cores)
    rows: list[dict] = []
    for area in areas:
        keys = shared | {
            "years": [YEAR, YEAR],
            "only_years": [],
            "region": [box_of(area)],
            "grid": {"resolution_deg": RESOLUTION_DEG, "tile_cells": tile_cells},
            "jobs": {"tiles": 4, "years": 1},
        }
        name = f"fine-{area}"
        results = map_region(name, keys, [f"publish/{YEAR}.json"], cores=cores)
        rows += list_rows(results, area)
    return Measured(rows=rows, facts={"exponents": list_exponents(rows)}, limits=LIMITS)


def box_of(area: int) -> list[float]:
    """A square of so many km2: west, south, east, north on edges of cells, degrees."""
    half = math.sqrt(area) / KM_PER_DEGREE / 2
    half = round(half / RESOLUTION_DEG) * RESOLUTION_DEG
    ends = (CENTRE_LON - half, CENTRE_LAT - half, CENTRE_LON + half, CENTRE_LAT + half)
    return [round(end, 3) for end in ends]


def list_rows(results: Path, area: int) -> Iterator[dict]:
    """The region, what each script took, and what lies in each folder."""
    mapped = load_store(results / f"maps/{YEAR}.zarr", ("gpp", REGION_SHARE))
    cells = int(np.isfinite(mapped["gpp"].values).sum())
    row_area = cell_area(mapped["y"].values, RESOLUTION_DEG)[:, None]
    mapped_km2 = float((row_area * mapped[REGION_SHARE].values).sum()) / 1e6
    tiles = len(list((results / "region").glob("*.zarr")))
    yield {
        "group": "region",
        "area": area,
        "km2": round(mapped_km2),
        "tiles": tiles,
        "forest_cells": cells,
        "grid_cells": int(mapped["gpp"].size),
    }
    for row in sum_scripts(results).itertuples():
        yield {
            "group": "stage",
            "area": area,
            "stage": row.Index,
            "forest_cells": cells,
            "jobs": row.jobs,
            "seconds": round(row.seconds, 1),
            "core_seconds": round(row.core_seconds, 1),
            "core_seconds_per_million": round(1e6 * row.core_seconds / cells, 1),
            "megabytes": row.megabytes,
        }
    for folder, scratch in SCRATCH.items():
        size = sum(f.stat().st_size for f in (results / folder).rglob("*"))
        yield {
            "group": "disk",
            "area": area,
            "folder": folder,
            "scratch": scratch,
            "megabytes": round(size / 1e6, 1),
            "bytes_per_forest_cell": round(size / cells, 1),
        }


def list_exponents(rows: list[dict]) -> dict[str, dict[str, float | None]]:
    """Growth of each stage against forest cells: slopes of the logarithms, none of one region."""
    stages = [row for row in rows if row["group"] == "stage"]
    found = {}
    for name in dict.fromkeys(row["stage"] for row in stages):
        own = [row for row in stages if row["stage"] == name]
        sizes = [row["forest_cells"] for row in own]
        found[name] = {
            value: fit_exponent(sizes, [row[value] for row in own])
            for value in ("core_seconds", "megabytes")
        }
    return found
