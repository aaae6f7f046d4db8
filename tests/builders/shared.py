"""Runs that many tests read: made once, whichever worker needs them first."""

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest


class SharedRuns:
    """Finished projects by name, below a folder that all workers of a session see."""

    def __init__(self, root: Path) -> None:
        """Keep the folder."""
        self.root = root

    def make(self, name: str, make: Callable[[Path], None]) -> Path:
        """A finished project; `make` makes it in the folder that it is given.

        Other workers wait until it is there. Where it cannot be made, every test that needs
        it fails with the first one's message, and nobody tries again.
        """
        project, failed = self.root / name / "project", self.root / f"{name}.failed"
        with (self.root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if failed.exists():
                pytest.fail(failed.read_text(), pytrace=False)
            if not project.exists():
                try:
                    make(project)
                except BaseException as error:
                    failed.write_text(f"{name} could not be made: {error}")
                    raise
        return project
