"""The whole workflow through a real SLURM: killed jobs are tried again, results are equal.

One run takes about ten minutes and has every accident in it; each test looks at one claim.
"""

import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builders.projects import command, copy_project, environment, snakemake
from tests.slurm.cluster import MORTAL, Cluster, missing

# Before any fixture: a run that is skipped makes no other one first.
pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))
TIMEOUT_S = 1800
PROFILE = ("--workflow-profile", "profiles/slurm")

# A test cannot wait as a cluster does. Jobs start with little memory, so that more fit.
QUICK = (
    "--jobs=6",
    "--slurm-no-account",
    "--latency-wait=15",
    "--seconds-between-status-checks=1",
    "--slurm-init-seconds-before-status-checks=2",
    "--slurm-keep-successful-logs",
    "--default-resources",
    "mem_mb=1500*attempt",
    "runtime=15*attempt",
)
# A model job with too little memory at first; a GPU where the site has one.
SITE = ("--set-resources", "model:mem_mb=450*attempt**2", "explain:gpu=1")


@dataclass(frozen=True)
class Outcome:
    """A run that ended: its project, its log, its SLURM jobs, and those hit by accidents."""

    project: Path
    log: str
    slurmd_log: str
    jobs: list[dict[str, str]]
    records: dict[str, str]
    cancelled: str
    killed: str

    def of(self, name):
        """SLURM jobs of a rule without wildcards, or of a group, in order."""
        return [job for job in self.jobs if job["comment"] == name]

    def by_id(self, number):
        """A SLURM job."""
        return next(job for job in self.jobs if job["id"] == number)

    def after(self, number):
        """The job of the same rule that was submitted after this one."""
        job = self.by_id(number)
        return next(
            other
            for other in self.of(job["comment"])
            if int(other["id"]) > int(job["id"])
        )


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """One run with three accidents: too little memory, scancel, and kill -9 of a job."""
    folder = tmp_path_factory.mktemp("slurm")
    project = copy_project(folder / "project")
    log = folder / "run.log"
    with Cluster(folder, cpus=4) as cluster, log.open("w") as output:
        run = subprocess.Popen(
            [*MORTAL, *command(*PROFILE, *QUICK, *SITE)],
            cwd=project,
            env=environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            cancelled = wait_for(lambda: running(cluster, "rule_samples"), run)[0]
            subprocess.run(["scancel", cancelled], check=True)
            killed = wait_for(lambda: running(cluster, "rule_evaluate"), run)[0]
            for process in wait_for(lambda: processes(killed), run):
                os.kill(process, signal.SIGKILL)
            assert run.wait(timeout=TIMEOUT_S) == 0, log.read_text()
        finally:
            run.kill()
        slurmd_log = (cluster.folder / "slurmd.log").read_text()
        jobs = cluster.queue()
        records = {job["id"]: cluster.record(job["id"]) for job in jobs}
    return Outcome(
        project, log.read_text(), slurmd_log, jobs, records, cancelled, killed
    )


def wait_for(condition, run):
    """What a condition gives once it gives something; fail when the run ends before."""
    end = time.monotonic() + TIMEOUT_S
    while not (result := condition()):
        assert run.poll() is None, "the run ended before it could be disturbed"
        assert time.monotonic() < end
        time.sleep(0.1)
    return result


def running(cluster, name):
    """Ids of running SLURM jobs of a rule."""
    jobs = cluster.queue()
    return [j["id"] for j in jobs if j["comment"] == name and j["state"] == "RUNNING"]


def processes(job):
    """Processes that a SLURM job started."""
    words = ["scontrol", "listpids", job]
    text = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    return [int(line.split()[0]) for line in text.splitlines()[1:]]


def checksums(project):
    """Manifests and tables of a run by name; figures and timings left out."""
    results = project / "results" / "micro"
    files = [*results.rglob("*.json"), *results.rglob("*.csv")]
    return {str(f.relative_to(results)): f.read_bytes() for f in files}


def test_a_job_that_slurm_kills_for_memory_is_tried_again_with_more(outcome):
    jobs = outcome.of("rule_model")
    assert [job["memory"] for job in jobs] == ["450M", "1800M"]
    # Without accounting SLURM calls a job that it killed for memory FAILED.
    assert [job["state"] for job in jobs] == ["FAILED", "COMPLETED"]
    assert "exceeded memory limit" in outcome.slurmd_log


def test_a_second_try_gets_more_memory_and_more_time(outcome):
    first, second = (outcome.by_id(outcome.killed), outcome.after(outcome.killed))
    assert (first["memory"], second["memory"]) == ("1500M", "3000M")
    assert (first["minutes"], second["minutes"]) == ("15:00", "30:00")


def test_a_cancelled_job_is_recovered(outcome):
    assert outcome.by_id(outcome.cancelled)["state"] == "CANCELLED"
    assert outcome.after(outcome.cancelled)["state"] == "COMPLETED"


def test_a_job_whose_processes_are_killed_is_recovered(outcome):
    assert outcome.by_id(outcome.killed)["state"] in {"FAILED", "CANCELLED"}
    assert outcome.after(outcome.killed)["state"] == "COMPLETED"


def test_the_stages_of_a_tile_share_one_slurm_job(outcome):
    names = {job["comment"].split("_wildcards_")[0] for job in outcome.jobs}
    assert "rule_infer" in names
    assert not names & {"rule_extract", "rule_cube", "rule_mask", "rule_figure"}


def test_cores_and_gpus_are_those_of_the_profile(outcome):
    baselines = [j for j in outcome.jobs if j["comment"].startswith("rule_baseline")]
    assert {job["cpus"] for job in baselines} == {"4"}
    with_gpu = [
        job["comment"]
        for job in outcome.jobs
        if "TresPerJob=gres:gpu:1" in outcome.records[job["id"]]
    ]
    assert with_gpu == ["rule_explain"]


def test_the_logs_of_every_job_are_found_again(outcome):
    assert outcome.project.joinpath("logs/micro/evaluate/evaluate.log").exists()
    folder = outcome.project / ".snakemake" / "slurm_logs"
    for job in outcome.jobs:
        assert len(list(folder.rglob(f"{job['id']}.log"))) == 1
    assert re.search(r"SLURM run ID: \S+", outcome.log)


def test_the_results_equal_those_of_a_local_run(outcome, finished):
    assert checksums(outcome.project) == checksums(finished)


def test_nothing_is_left_to_do(outcome):
    again = snakemake(outcome.project, "--cores", "1", "--dry-run")
    assert "Nothing to be done" in again.stdout + again.stderr
