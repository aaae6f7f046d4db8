"""Stages on a full disk and on one that takes no writes: one line, and nothing is lost."""

import csv
import io
import shutil
import subprocess

import pytest

from tests.builders.projects import environment, snakemake
from tests.workflow.test_kill import checksums
from tests.workflow.test_storage import NEEDS_ROOT, disk, remount

# What snakemake gives each job before its command.
GIVEN = {"INFER_RUNTIME": "{}", "EARTHENGINE_RUNTIME": "{}"}
ROOM = "200m"
# Stores, tables, weights, products, figures and pages: each is written in its own way. The model
# is none of them, because it needs no more room than the weights had that it writes over.
STAGES = (
    "extract",
    "samples",
    "train",
    "evaluate",
    "map",
    "publish",
    "figure",
    "report",
)
LINE = "storage: expected room and the right to write, found"


def commands_of(project):
    """The command of one job of each rule, by the name of the rule."""
    listed = snakemake(project, "--detailed-summary").stdout
    rows = csv.DictReader(io.StringIO(listed), delimiter="\t", quoting=csv.QUOTE_NONE)
    found = {}
    for row in rows:
        if row["shellcmd"] not in (None, "", "-"):
            found.setdefault(row["rule"], row["shellcmd"])
    return found


def run_job(project, command):
    """A job as snakemake runs it, without snakemake."""
    given = {
        "SCRIPTS": str(project / "workflow/scripts"),
        "PYTHONPATH": str(project / "src"),
    }
    return subprocess.run(
        ["bash", "-c", f"set -euo pipefail; {command}"],
        cwd=project,
        env=environment() | GIVEN | given,
        capture_output=True,
        text=True,
        check=False,
    )


def fill(folder):
    """Leave no byte of a disk free."""
    with (folder / "filler").open("wb", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2


@NEEDS_ROOT
@pytest.mark.parametrize("trouble", ["full", "read-only"])
def test_each_says_so_on_one_line_and_loses_nothing(finished, tmp_path, trouble):
    """One job of each way of writing: the line names the disk, results stay as they were."""
    project = tmp_path / "project"
    shutil.copytree(
        finished, project, symlinks=True, ignore=shutil.ignore_patterns("results")
    )
    with disk(project / "results", ROOM) as results:
        shutil.copytree(finished / "results", results, dirs_exist_ok=True)
        jobs = commands_of(project)
        commands = {rule: jobs[rule] for rule in STAGES}
        if trouble == "full":
            fill(results)
        else:
            remount(results, "ro")
        silent = {}
        for rule, command in commands.items():
            done = run_job(project, command)
            lines = done.stderr.strip().splitlines()
            if done.returncode == 0 or len(lines) != 1 or LINE not in lines[0]:
                silent[rule] = (done.returncode, lines[-3:])
        assert silent == {}
        assert checksums(project) == checksums(finished)
