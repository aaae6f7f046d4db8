"""What a job shows and logs of foreign text."""

import subprocess
import sys

import pytest

JOB = """
import logging
from pathlib import Path
from forestflux.jobs import command_line

FOUND = "A\\x1b[31m s3://key:secret@bucket \\u202e"


def main(*, out: Path) -> None:
    logging.getLogger(__name__).info("read %s", FOUND)
    if out.name == "defect":
        raise ValueError(FOUND)
    raise OSError(28, "No space left on device", FOUND)


command_line.run(main)
"""


def test_a_second_try_keeps_the_log_of_the_first(tmp_path):
    script, log = tmp_path / "job.py", tmp_path / "job.log"
    script.write_text(JOB)
    for name in ("full", "defect"):
        command = [sys.executable, script, "--out", tmp_path / name, "--log", log]
        subprocess.run(command, capture_output=True, check=False)
    first, second = log.read_text().split("---- job.py starts ----")[1:]
    assert "storage: expected room" in first
    assert "Traceback" in second


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "defect",
            "failed: ValueError: A\\x1b[31m s3://***@bucket \\u202e; traceback in",
        ),
        ("full", r"error: A\x1b[31m s3://***@bucket \u202e: storage: expected room"),
    ],
)
def test_no_control_character_and_no_credential_leaves_a_job(tmp_path, name, line):
    script, log = tmp_path / "job.py", tmp_path / "job.log"
    script.write_text(JOB)
    command = [sys.executable, script, "--out", tmp_path / name, "--log", log]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert line in done.stderr
    written = log.read_text()
    assert r"read A\x1b[31m s3://***@bucket \u202e" in written
    assert ("Traceback" in written) == (name == "defect")
    for text in (done.stderr.strip("\n"), *written.splitlines()):
        assert text.isprintable()
        assert "secret" not in text
