"""The whole workflow through a real SLURM: killed jobs are tried again, results are equal."""

import os
import signal
import subprocess
import time

import pytest
from projects import command, copy_project, environment, snakemake
from slurm.cluster import Cluster, missing

# Before any fixture: a run that is skipped makes no other one first.
pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))
TIMEOUT_S = 1500
PROFILE = ("--workflow-profile", "profiles/slurm")

# A test cannot wait as a cluster does. Jobs start with little memory, so that more fit.
QUICK = (
    "--jobs=6",
    "--slurm-no-account",
    "--latency-wait=15",
    "--seconds-between-status-checks=1",
    "--slurm-init-seconds-before-status-checks=2",
    "--default-resources",
    "mem_mb=1500",
    "runtime=15*attempt",
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("slurm") / "daemons", cpus=4) as running:
        yield running


def digests(project):
    """Manifests and tables of a run by name; figures and timings left out."""
    results = project / "results" / "micro"
    files = [*results.rglob("*.json"), *results.rglob("*.csv")]
    return {str(f.relative_to(results)): f.read_bytes() for f in files}


def wait_for(condition, run):
    """What a condition gives once it gives something; fail when the run ends before."""
    end = time.monotonic() + TIMEOUT_S
    while not (result := condition()):
        assert run.poll() is None, "the run ended before it could be disturbed"
        assert time.monotonic() < end
        time.sleep(0.1)
    return result


def jobs_of(cluster, rule):
    """SLURM jobs of a rule without wildcards, whatever their state."""
    return [job for job in cluster.queue() if job["comment"] == f"rule_{rule}"]


def running(cluster, rule):
    """Ids of running SLURM jobs of a rule."""
    jobs = jobs_of(cluster, rule)
    return [job["id"] for job in jobs if job["state"] == "RUNNING"]


def processes(job):
    """Python processes that a SLURM job started, the innermost last."""
    words = ["scontrol", "listpids", job]
    text = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    return [int(line.split()[0]) for line in text.splitlines()[1:]]


def test_the_run_survives_kills_and_equals_the_local_one(finished, tmp_path, cluster):
    """One run, three accidents: too little memory, scancel, and kill -9 of a job."""
    project = copy_project(tmp_path / "project")
    too_little = "model:mem_mb=450*attempt**2"
    log = (tmp_path / "run.log").open("w")
    run = subprocess.Popen(
        command(*PROFILE, *QUICK, "--set-resources", too_little),
        cwd=project,
        env=environment(),
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        cancelled = wait_for(lambda: running(cluster, "samples"), run)[0]
        subprocess.run(["scancel", cancelled], check=True)
        killed = wait_for(lambda: running(cluster, "evaluate"), run)[0]
        for process in wait_for(lambda: processes(killed), run):
            os.kill(process, signal.SIGKILL)
        assert run.wait(timeout=TIMEOUT_S) == 0, (tmp_path / "run.log").read_text()
    finally:
        run.kill()
    states = {job["id"]: job["state"] for job in cluster.queue()}
    assert states[cancelled] == "CANCELLED"
    assert states[killed] in {"FAILED", "CANCELLED"}
    model = jobs_of(cluster, "model")
    assert [job["memory"] for job in model] == ["450M", "1800M"]
    # Without accounting SLURM calls a job that it killed for memory FAILED.
    assert [job["state"] for job in model] == ["FAILED", "COMPLETED"]
    assert "exceeded memory limit" in (cluster.folder / "slurmd.log").read_text()
    assert digests(project) == digests(finished)
    assert "Nothing to be done" in snakemake(project, "--cores", "1", "-n").stdout
