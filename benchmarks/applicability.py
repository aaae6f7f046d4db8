"""Cells per second of the dissimilarity index beside the network's own, on a finished run.

python benchmarks/applicability.py results/demo
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from forestflux.ensemble.model_folder import load_model
from forestflux.prepare.sample_table import read_samples

ROOT = Path(__file__).parents[1]

CELLS = 8192


def main() -> None:
    """Print rates and their ratio as JSON."""
    results = Path(sys.argv[1])
    model, samples = (
        load_model(results / "model"),
        read_samples(results / "samples/samples.json"),
    )
    forest = np.flatnonzero(samples.table["forest"].to_numpy(bool))
    cells = samples.take(np.resize(forest, CELLS))
    batch = cells.series, cells.lat, cells.forest_type
    network = rate(lambda: model.predict_arrays(*batch))
    index = rate(lambda: model.dissimilarity_index(*batch))
    found = {
        "reference_rows": len(model.applicability.reference.points),
        "members": len(model.members),
        "network_cells_per_second": round(network),
        "index_cells_per_second": round(index),
        "index_time_of_network_time": round(network / index, 3),
    }
    print(json.dumps(found, indent=1))


def rate(work: Callable[[], object]) -> float:
    """Cells per second of processor time, the best of three."""
    times = []
    for _ in range(3):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return CELLS / min(times)


if __name__ == "__main__":
    main()
