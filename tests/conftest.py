"""Runs that tests share, and which tests are slow."""

import os

# One thread for each worker and job: with more of them two workers on two cores spend their
# time waiting for one another. Before anything imports numpy or torch.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import shutil
from pathlib import Path

import pytest

from tests.builders.finished_results import build_results
from tests.builders.map_stores import MEMBERS, PAIR
from tests.builders.projects import run_micro, run_towers, towers_project
from tests.builders.shared import SharedRuns

pytest_plugins = ("tests.costs",)

# Whole runs of the workflow, a browser, a cluster: `make test` runs them, plain pytest does not.
SLOW = ("demo", "explorer", "slurm", "workflow")
# The demo is the longest, so it starts first; unit tests fill up what is left at the end.
ORDER = ("demo", "slurm", "workflow", "explorer", "earthengine", "unit")


def folder_of(item: pytest.Item) -> str:
    """The folder of tests in which a test lies: `unit`, `workflow` and so on."""
    return item.path.relative_to(Path(__file__).parent).parts[0]


# First, because pytest takes out what is not asked for by its mark in the same hook.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark slow folders and put the longest tests first."""
    for item in items:
        if folder_of(item) in SLOW:
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: ORDER.index(folder_of(item)))


@pytest.fixture(scope="session")
def shared(tmp_path_factory, request):
    """Runs that all workers of this session share."""
    root = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        root = root.parent  # a worker has a folder of its own below the session's
    return SharedRuns(root)


@pytest.fixture(scope="session")
def finished(shared):
    """A project whose micro run is finished; read only."""
    return shared.make("micro", run_micro)


@pytest.fixture(scope="session")
def share_results(shared):
    """Made-up results of a finished run, by what they hold: made once and read only."""

    def share(*, maps: bool, members: int = MEMBERS) -> Path:
        def make(path: Path) -> None:
            build_results(path, seed=5, maps=maps, map_years=PAIR, members=members)

        return shared.make(f"results_{maps}_{members}", make)

    return share


@pytest.fixture
def project(finished, tmp_path):
    """A copy of the finished project, for editing."""
    copy = tmp_path / "project"
    shutil.copytree(finished, copy, symlinks=True)
    return copy


@pytest.fixture
def mine(tmp_path):
    """A project with a small valid folder of towers, not run yet."""
    return towers_project(tmp_path / "project")


@pytest.fixture(scope="session")
def finished_towers(shared):
    """A project whose run of a small folder of towers is finished; read only."""
    return shared.make("towers", run_towers)


@pytest.fixture
def mine_finished(finished_towers, tmp_path):
    """A copy of the finished run of a small folder of towers, for editing."""
    copy = tmp_path / "project"
    return shutil.copytree(finished_towers, copy, symlinks=True)
