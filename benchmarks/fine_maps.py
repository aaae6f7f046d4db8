"""Maps of a region by the workflow with a model that another run has trained."""

import filecmp
import json
import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import psutil

from benchmarks.harness import ROOT, measure_command
from benchmarks.planets import shorten_epochs
from forestflux.jobs.small_files import write_json

FOLDER = ROOT / "results"
MODEL_RUN = "fine-model"
MODEL = FOLDER / MODEL_RUN / "model"
# What makes maps, products and a change from a model; nothing of towers, training or skill.
MAP_RULES = (
    *("region", "extract", "cube", "mask", "departures", "infer", "level", "map"),
    *("change", "publish"),
)
# A planet of three degrees trains in minutes; cells of maps may have any size.
TRAINING = {"grid": {"resolution_deg": 3.0, "tile_cells": 60}, "jobs": {"tiles": 18}}
# Seconds between two looks at the scripts; what one took since the last look is missed.
LOOK_S = 0.3
SCRIPTS = ROOT / "workflow" / "scripts"


def train_model(*, members: int, epochs: float, cores: int) -> dict[str, object]:
    """Train the model unless it is there; return the keys that runs with it share.

    Parameters
    ----------
    epochs : length of the training, of the default one
    """
    keys: dict[str, object] = {
        "years": [2003, 2018],
        "only_years": [2003, 2018],
        "samples": {"unlabelled": 500},
        "train": {"members": members, "epochs": shorten_epochs(epochs)},
    }
    run_workflow(MODEL_RUN, keys | TRAINING, ["model/model.json"], cores=cores)
    return keys


def map_region(
    run: str, keys: Mapping[str, object], targets: Sequence[str], *, cores: int
) -> Path:
    """The results of a run that maps a region with the trained model.

    What is finished stays: the same call goes on after a kill.

    Parameters
    ----------
    keys : of the configuration
    targets : files below the results
    """
    results = FOLDER / run
    known = results / "model" / "model.json"
    if not (known.is_file() and filecmp.cmp(MODEL / "model.json", known, False)):
        shutil.rmtree(results / "model", ignore_errors=True)
        shutil.copytree(MODEL, results / "model")
    run_workflow(run, keys, targets, cores=cores, rules=MAP_RULES)
    return results


def run_workflow(
    run: str,
    keys: Mapping[str, object],
    targets: Sequence[str],
    *,
    cores: int,
    rules: Sequence[str] = (),
) -> None:
    """Run the workflow as far as some targets, and note what its scripts took.

    Parameters
    ----------
    rules : that may run; empty for all
    """
    overlay = FOLDER / f"{run}.yaml"
    write_json(overlay, {"run": run, **keys})  # JSON is YAML
    words = ["snakemake", "--nolock", "--cores", cores, "--configfile", overlay]
    words += ["--allowed-rules", *rules] if rules else []
    words += ["--", *(f"results/{run}/{target}" for target in targets)]
    with watch_scripts(FOLDER / run / "scripts.jsonl"):
        measure_command(words, log=FOLDER / f"{run}.log", cwd=ROOT)


@contextmanager
def watch_scripts(record: Path) -> Iterator[None]:
    """Append a line for each script of the workflow that runs meanwhile, when it has ended.

    A line has `script`, `seconds`, `core_seconds` and `megabytes`, the maximum that the kernel
    keeps. A script that was killed and started again has two lines.
    """
    record.parent.mkdir(parents=True, exist_ok=True)
    done = threading.Event()
    watcher = threading.Thread(target=note_scripts, args=(record, done))
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def note_scripts(record: Path, done: threading.Event) -> None:
    """Look at the running scripts until all is done, and note each that has ended."""
    before: dict[tuple[int, float], dict] = {}
    while before or not done.is_set():
        now = dict(look_at_scripts())
        ended = [before[key] for key in before.keys() - now.keys()]
        with record.open("a") as lines:
            lines.writelines(json.dumps(one) + "\n" for one in ended)
        before = now
        time.sleep(LOOK_S)


def look_at_scripts() -> Iterator[tuple[tuple[int, float], dict]]:
    """What each running script that this process has started took so far, by its process."""
    for process in psutil.Process().children(recursive=True):
        try:
            words = process.cmdline()
            if len(words) < 2 or Path(words[1]).parent.parent != SCRIPTS:
                continue
            started = process.create_time()
            yield (
                (process.pid, started),
                {
                    "script": Path(words[1]).stem,
                    "seconds": round(time.time() - started, 2),
                    "core_seconds": round(sum(process.cpu_times()[:2]), 2),
                    "megabytes": round(highest_bytes(process.pid) / 1e6, 1),
                },
            )
        except (psutil.NoSuchProcess, OSError):  # it has just ended
            continue


def highest_bytes(pid: int) -> int:
    """Most bytes that a process has held so far, as the kernel keeps it."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (peak,) = (line for line in lines if line.startswith("VmHWM"))
    return int(peak.split()[1]) * 1024


def sum_scripts(results: Path) -> pd.DataFrame:
    """What the scripts of a run took, by script in the order in which they started.

    Columns are `jobs`, `seconds`, `core_seconds` (sums), `megabytes` (of the largest job).
    """
    lines = (results / "scripts.jsonl").read_text().splitlines()
    table = pd.DataFrame([json.loads(line) for line in lines])
    return table.groupby("script", sort=False).agg(
        jobs=("seconds", "size"),
        seconds=("seconds", "sum"),
        core_seconds=("core_seconds", "sum"),
        megabytes=("megabytes", "max"),
    )
