"""A killed job: started again, the run keeps what was done and ends the same."""

import os
import shutil
import signal
import subprocess
import time

import pytest

from tests.builders.projects import (
    command,
    environment,
    finish,
    planned,
    snakemake,
)

TIMEOUT_S = 1800  # a busy machine may take long to get as far as the kill


def checksums(project):
    """Manifests and tables of a run by name; they hold checksums of all contents and no times."""
    results = project / "results" / "micro"
    files = [*results.rglob("*.json"), *results.rglob("*.csv")]
    return {str(f.relative_to(results)): f.read_bytes() for f in files}


def wait_for(condition, process):
    """Wait until a condition holds while the run goes on; fail when it ends before."""
    end = time.monotonic() + TIMEOUT_S
    while not condition():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < end
        time.sleep(0.02)


def jobs_of(script, project):
    """Process ids of a script's running jobs in a project."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
                folder = os.readlink(f"/proc/{name}/cwd")
            except OSError:
                continue
            is_job = any(word.endswith(f"/{script}.py".encode()) for word in words)
            if is_job and b"python" in words[0] and folder == str(project):
                found.append(int(name))
    return found


@pytest.mark.parametrize(
    ("script", "unit"),
    [
        ("train", "train/site/fold0/member0/member.json"),
        ("infer", "infer/r00c00/2003.zarr.json"),
    ],
)
def test_a_killed_job_is_completed_and_what_was_done_is_kept(
    finished, tmp_path, script, unit
):
    """A killed job goes on where it was, and the bytes are those of an undisturbed run."""
    project = tmp_path / "project"
    shutil.copytree(finished, project, symlinks=True)
    results = project / "results" / "micro"
    shutil.rmtree(results / script)
    run = subprocess.Popen(
        command("--cores", "1", "--until", script),
        cwd=project,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for((results / unit).exists, run)
    killed = jobs_of(script, project)
    for job in killed:
        os.kill(job, signal.SIGKILL)
    assert killed
    assert run.wait(timeout=TIMEOUT_S) != 0
    kept = (results / unit).stat().st_mtime_ns
    finish(project, "--cores", "2", "--until", script)
    assert (results / unit).stat().st_mtime_ns == kept
    assert checksums(project) == checksums(finished)
    # What was made of the same bytes before is still good.
    assert planned(project) == {}


def test_the_whole_run_killed_in_training_is_completed(finished, project):
    """A run that is killed with all its jobs ends with the bytes of an undisturbed one."""
    results = project / "results" / "micro"
    shutil.rmtree(results / "train")
    run = subprocess.Popen(
        command("--cores", "2", "--until", "train"),
        cwd=project,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for((results / "train/site/fold0/member0/member.json").exists, run)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    for job in jobs_of("train", project):
        os.kill(job, signal.SIGKILL)
    assert snakemake(project, "--unlock").returncode == 0
    finish(project, "--cores", "2", "--until", "train")
    assert checksums(project) == checksums(finished)
    assert planned(project) == {}
