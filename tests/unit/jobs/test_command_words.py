"""Commands of users: what comes first without a flag, switches, and what may be missing."""

import subprocess
import sys
from pathlib import Path

import pytest

from forestflux.jobs.command_line import parser_of


def main(
    model: Path,
    *,
    year: int,
    points: Path | None = None,
    names: list[str] | None = None,
    whole: bool = True,
) -> None:
    """A command."""


def read(*words):
    return vars(parser_of(main, program="forestflux test").parse_args(words))


def test_what_is_no_keyword_only_comes_first():
    found = read("folder", "--year", "2018")
    assert found["model"] == Path("folder")
    assert found["year"] == 2018
    assert found["points"] is None
    assert found["whole"] is True


def test_switches_are_on_or_off_and_what_may_be_missing_is_read_as_what_it_is():
    words = (
        "folder",
        "--year",
        "1",
        "--no-whole",
        "--points",
        "p",
        "--names",
        "a",
        "b",
    )
    found = read(*words)
    assert found["whole"] is False
    assert found["points"] == Path("p")
    assert found["names"] == ["a", "b"]


@pytest.mark.parametrize("words", [(), ("maps",), ("--help",)])
def test_another_word_names_the_commands(words):
    done = subprocess.run(
        [sys.executable, "-m", "forestflux", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "expected one of ask, online, found" in done.stderr
