"""Where results lie: other folders, a full disk, a disk that takes no writes."""

import os
import subprocess
from contextlib import contextmanager

import pytest

from tests.builders.projects import edit, planned, snakemake

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts disks")


@contextmanager
def disk(folder, size):
    """A small disk of its own in memory; the test is skipped where none can be mounted."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(words, capture_output=True, check=False).returncode != 0:
        pytest.skip("tmpfs cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def remount(folder, how):
    """Change how a disk is mounted."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


def run(project, *arguments):
    """Status and output of a run on one core."""
    done = snakemake(project, "--cores", "1", *arguments, configfile="mine.yaml")
    return done.returncode, done.stdout + done.stderr


def manifests(folder):
    """Manifests of extract, cube and mask below a folder, with their contents."""
    found = [
        f for s in ("extract", "cube", "mask") for f in folder.glob(f"{s}/**/*.json")
    ]
    return {str(file.relative_to(folder)): file.read_bytes() for file in found}


def put(project, **folders):
    """Set the section `folders` of the overlay."""
    words = ", ".join(f"{kind}: {folder}" for kind, folder in folders.items())
    edit(project, "mine.yaml", "run: mine", f"run: mine\nfolders: {{{words}}}")


def test_results_and_scratch_lie_where_the_configuration_says(
    mine, finished_towers, tmp_path
):
    """Results in other folders are the same results."""
    usual = manifests(finished_towers / "results/mine")
    results, scratch = tmp_path / "elsewhere/results", tmp_path / "scratch"
    put(mine, results=results, scratch=scratch)
    status, output = run(mine, "--until", "mask")
    assert status == 0, output
    assert {path.name for path in (scratch / "mine").iterdir()} == {"extract", "cube"}
    assert not (results / "mine" / "extract").exists()
    there = manifests(scratch / "mine") | manifests(results / "mine")
    assert there == usual
    assert not set(planned(mine, configfile="mine.yaml")) & {"extract", "cube", "mask"}


@NEEDS_ROOT
def test_a_full_disk_is_one_line_and_with_more_room_the_run_goes_on(mine, tmp_path):
    """A full disk ends the run with one line and spoils nothing."""
    with disk(tmp_path / "disk", "40k") as small:
        put(mine, scratch=small)
        status, output = run(mine, "--until", "mask")
        assert status != 0
        lines = [line for line in output.splitlines() if "storage: expected" in line]
        assert len(set(lines)) == 1, output
        assert os.strerror(28) in lines[0]
        assert "Traceback" not in output
        assert not list(small.glob("mine/extract/*.json"))
        remount(small, "size=50m")
        status, output = run(mine, "--until", "mask")
        assert status == 0, output
        assert list(small.glob("mine/cube/*.json"))


@NEEDS_ROOT
def test_results_that_take_no_writes_are_named_and_stay_whole(mine, tmp_path):
    with disk(tmp_path / "disk", "50m") as other:
        put(mine, results=other)
        status, output = run(mine, "--until", "extract")
        assert status == 0, output
        before = manifests(other / "mine")
        remount(other, "ro")
        status, output = run(mine, "--until", "mask")
        assert status != 0
        assert "Read-only file system" in output
        assert str(other) in output
        assert manifests(other / "mine") == before
        remount(other, "rw")
        status, output = run(mine, "--until", "mask")
        assert status == 0, output
