"""One finished micro run, from which every test takes a copy."""

import shutil

import pytest

from tests.builders.projects import copy_project, snakemake, towers_project


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A project whose micro run is finished; read only."""
    project = copy_project(tmp_path_factory.mktemp("finished") / "project")
    done = snakemake(project, "--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    return project


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
