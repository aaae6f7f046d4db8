"""Machines that share a folder: two runs at once, a worker without torch, clocks that differ."""

import os
import random
import shutil
import site
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.builders.projects import command, environment, planned, snakemake

TIMEOUT_S = 600
HOURS_S = 7200


def run(project, *arguments, **options):
    """Status and output of a run on one core."""
    done = snakemake(
        project, "--cores", "1", *arguments, configfile="mine.yaml", **options
    )
    return done.returncode, done.stdout + done.stderr


def executed(output):
    """Whether a run has done a job."""
    return "Finished jobid" in output


def test_a_second_run_in_the_same_folder_is_refused(mine):
    first = subprocess.Popen(
        command("--cores", "1", "--until", "mask", configfile="mine.yaml"),
        cwd=mine,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + TIMEOUT_S
    while not any((mine / ".snakemake" / "locks").glob("*.lock")):
        assert first.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)
    status, output = run(mine, "--until", "mask")
    assert first.poll() is None, "the first run ended before the second was refused"
    assert status != 0
    assert "Directory cannot be locked" in output
    assert first.wait(timeout=TIMEOUT_S) == 0
    assert not executed(run(mine, "--until", "mask")[1])


@pytest.fixture
def without_torch(tmp_path):
    """The programs of an environment that has every package of this one but torch."""
    folder = tmp_path / "environment"
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True
    )
    (there,) = folder.glob("lib/python*/site-packages")
    for package in Path(site.getsitepackages()[0]).iterdir():
        if not package.name.startswith("torch"):
            (there / package.name).symlink_to(package)
    programs = folder / "bin"
    for file in programs.iterdir():
        if not file.name.startswith("python"):
            file.unlink()
    return programs


def test_a_worker_without_the_networks_libraries_says_so_on_one_line(
    mine, without_torch
):
    """Jobs that need no torch run without it; the others say so on one line."""
    status, output = run(mine, "--until", "samples", first=without_torch)
    assert status == 0, output
    status, output = run(mine, "--until", "train", first=without_torch)
    assert status != 0
    lines = {line for line in output.splitlines() if "package torch" in line}
    assert len(lines) == 1, output
    assert str(without_torch) in lines.pop()
    assert "Traceback" not in output
    status, output = run(mine, "--until", "train")
    assert status == 0, output


def test_times_of_results_alone_make_nothing_stale(project):
    rng = random.Random(0)
    now = time.time()
    for file in sorted((project / "results").rglob("*")):
        moment = now + rng.uniform(-12 * HOURS_S, 12 * HOURS_S)
        os.utime(file, (moment, moment))
    assert planned(project) == {}


@pytest.fixture
def behind(tmp_path):
    """A `python` of a node whose clock is two hours behind: what it writes looks older."""
    folder = tmp_path / "node"
    folder.mkdir()
    program = folder / "python"
    program.write_text(
        f"""#!/bin/sh
touch "$TMPDIR/begun"
"{sys.executable}" "$@"
status=$?
find results -newer "$TMPDIR/begun" -type f -exec touch --date="2 hours ago" {{}} +
exit $status
"""
    )
    program.chmod(0o755)
    return folder


def test_a_change_that_a_node_with_an_old_clock_wrote_is_seen(
    mine_finished, tmp_path, behind, monkeypatch
):
    """A node whose clock is hours behind hides no change."""
    mine = mine_finished
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = (mine / "results/mine/samples/samples.csv").read_bytes()
    table = pd.read_csv(mine / "data/site_years.csv")
    table.loc[table["site"] == "F0", "gpp"] += 10.0
    table.loc[table["site"] == "F0", "reco"] += 10.0
    table.to_csv(mine / "data/site_years.csv", index=False)
    same_clock = mine.with_name("same_clock")
    shutil.copytree(mine, same_clock, symlinks=True)
    status, output = run(mine, "--until", "samples", first=behind)
    assert status == 0, output
    assert executed(output)
    untouched = mine / "results/mine/samples/samples.zarr/zarr.json"
    assert untouched.stat().st_mtime < time.time() - HOURS_S / 2
    assert run(same_clock, "--until", "samples")[0] == 0
    skewed = (mine / "results/mine/samples/samples.csv").read_bytes()
    assert skewed != before
    assert skewed == (same_clock / "results/mine/samples/samples.csv").read_bytes()
    assert not executed(run(mine, "--until", "samples")[1])
