"""Whether a run that is killed at random moments, again and again, ends with the same bytes.

A small planet goes through every stage once undisturbed, then again while all its processes are
killed after random times; each time the run is started again. Where it comes to its end before
the last kill, its bytes are compared and it begins anew. What is done stays in `results/kills`:
the same command goes on after a kill of its own.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil

from benchmarks.harness import ROOT, Measured, Option
from tests.builders.projects import command, copy_project, environment

FOLDER = ROOT / "results" / "kills"
RESULTS = "results/micro"
# What says how long jobs took differs from run to run: these files, and a table of the report.
TIMES = "benchmarks/"
REPORT = "report.html"
TABLE_OF_TIMES = re.compile(rb"<table>(?:(?!<table>).)*?longest job.*?</table>", re.S)
# Longest time until a kill, as a share of the undisturbed run: several kills hit each run.
LONGEST_WAIT = 0.15
OPTIONS = {
    "kills": Option(20, 1, "times that all processes of the run are killed"),
    "seed": Option(1, 1, "of the times until the kills"),
    "cores": Option(2, 2, "cores of a run"),
}


def measure(*, kills: int, seed: int, cores: int) -> Measured:
    """Kill a run so often and compare all files of its results with those undisturbed."""
    undisturbed = run_undisturbed(cores)
    project, done = FOLDER / "killed", read_state("kills.json", [])
    ends = read_state("ends.json", [])
    while len(done) < kills:
        rng = np.random.default_rng((seed, len(done)))
        wait = float(rng.uniform(0, LONGEST_WAIT * undisturbed["seconds"]))
        start_anew_where_finished(project, ends)
        found = kill_after(project, wait, cores)
        if found is None:
            ends.append(compare_results(project, undisturbed["files"]))
            write_state("ends.json", ends)
            continue
        done.append({"kill": len(done) + 1, "after_seconds": round(wait, 1)} | found)
        write_state("kills.json", done)
        sys.stderr.write(f"{done[-1]}\n")
    if (project / RESULTS).exists():
        run_to_the_end(project, cores)
        ends.append(compare_results(project, undisturbed["files"]))
    differing = sorted(set().union(*map(set, ends)))
    if not differing:
        shutil.rmtree(FOLDER)
    return Measured(
        rows=done,
        facts={
            "kills": len(done),
            "runs_to_the_end": len(ends),
            "files_compared": len(undisturbed["files"]),
            "files_differing": differing,
            "undisturbed_seconds": round(undisturbed["seconds"]),
        },
    )


def run_undisturbed(cores: int) -> dict:
    """Seconds of the undisturbed run, and the checksums of all its results by name."""
    known = read_state("undisturbed.json", None)
    if known is not None:
        return known
    project = FOLDER / "undisturbed"
    shutil.rmtree(FOLDER, ignore_errors=True)
    copy_project(project)
    start = time.monotonic()
    run_to_the_end(project, cores)
    seconds = time.monotonic() - start
    found = {"seconds": seconds, "files": sum_files(project / RESULTS)}
    write_state("undisturbed.json", found)
    return found


def start_anew_where_finished(project: Path, ends: list) -> None:
    """A project whose run is not finished: the one that is there, or a new one.

    Its code is that of the undisturbed run, whatever is edited meanwhile.
    """
    rounds = project / "round"
    if not rounds.exists() or int(rounds.read_text()) != len(ends):
        shutil.rmtree(project, ignore_errors=True)
        made = shutil.ignore_patterns("results", "logs", ".snakemake", "log")
        shutil.copytree(FOLDER / "undisturbed", project, ignore=made)
        rounds.write_text(str(len(ends)))


def kill_after(project: Path, wait: float, cores: int) -> dict | None:
    """Start the run, kill all its processes after so many seconds; None if it ended before.

    Returns
    -------
    running : scripts of the jobs that were killed
    finished : files of results that were there already

    Raises
    ------
    SystemExit : the run failed by itself
    """
    process = start(project, cores)
    try:
        status = process.wait(timeout=wait)
    except subprocess.TimeoutExpired:
        running = kill_all(process)
        files = sum(path.is_file() for path in (project / RESULTS).rglob("*"))
        return {"running": running, "files_there": files}
    if status != 0:
        raise SystemExit(f"failed by itself: see {project / 'log'}")
    return None


def start(project: Path, cores: int) -> subprocess.Popen:
    """The run of a project, in a session of its own; a lock that a kill left is taken away."""
    unlock = command("--unlock")
    subprocess.run(
        unlock, cwd=project, env=environment(), check=True, capture_output=True
    )
    with (project / "log").open("w") as log:
        return subprocess.Popen(
            command("--cores", str(cores)),
            cwd=project,
            env=environment(),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def kill_all(process: subprocess.Popen) -> list[str]:
    """Kill a run with all its jobs; names of the scripts that were at work."""
    parent = psutil.Process(process.pid)
    parent.suspend()  # so that it starts no job while the others are counted
    jobs = parent.children(recursive=True)
    names = {name for job in jobs for name in script_names(job)}
    os.killpg(process.pid, signal.SIGKILL)
    for job in jobs:
        if job.is_running():
            job.kill()
    process.wait()
    psutil.wait_procs(jobs, timeout=60)
    return sorted(names)


def script_names(job: psutil.Process) -> list[str]:
    """The script of the workflow that a process runs, if it runs one."""
    try:
        words = job.cmdline()
    except psutil.NoSuchProcess:
        return []
    if not words or "python" not in Path(words[0]).name:
        return []
    paths = [Path(word) for word in words[1:2]]
    return [path.stem for path in paths if path.parent.name == "scripts"]


def run_to_the_end(project: Path, cores: int) -> None:
    """Run a project to its end.

    Raises
    ------
    SystemExit : the run failed
    """
    if start(project, cores).wait() != 0:
        raise SystemExit(f"failed: see {project / 'log'}")


def sum_files(results: Path) -> dict[str, str]:
    """Checksum of each file of a run's results, by name; without the times of jobs."""
    found = {}
    for path in sorted(results.rglob("*")):
        name = path.relative_to(results).as_posix()
        if path.is_file() and not name.startswith(TIMES):
            content = path.read_bytes()
            if name == REPORT:
                content = TABLE_OF_TIMES.sub(b"", content)
            found[name] = hashlib.sha256(content).hexdigest()
    return found


def compare_results(project: Path, wanted: dict[str, str]) -> list[str]:
    """Names of files that differ from those of the undisturbed run, or that one of both lacks."""
    found = sum_files(project / RESULTS)
    names = found.keys() | wanted.keys()
    return sorted(name for name in names if found.get(name) != wanted.get(name))


def read_state(name: str, default: object) -> object:
    """What an earlier call of this benchmark wrote."""
    path = FOLDER / name
    return json.loads(path.read_text()) if path.exists() else default


def write_state(name: str, content: object) -> None:
    """Keep what is done, whole or not at all."""
    path = FOLDER / name
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(content))
    temporary.replace(path)
