"""Habits of the repository: lint, format, environments in step with the lock."""

import re
import shutil
import subprocess
import tomllib
from itertools import chain

import pytest
import yaml

from tests.builders.paths import ROOT

ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))


def run(*words):
    if shutil.which(words[0]) is None:
        pytest.fail(f"{words[0]} is not installed")
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("snakefmt", "--check", "Snakefile", "workflow/rules"),
        ("snakemake", "--lint"),
    ],
    ids=" ".join,
)
def test_lint_and_format_are_clean(words):
    status, output = run(*words)
    assert status == 0, output


def locked():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = (line.split("==") for line in lines if "==" in line)
    return {name.lower(): version for name, version in pins}


def normal(name):
    return re.sub(r"\[.*\]", "", name).lower()


def test_every_requirement_is_locked():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    names = [re.split(r"[=<>]", line)[0] for line in lines if line[:1].isalpha()]
    assert {normal(name) for name in names} <= set(locked())


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_conda_environments_pin_what_the_lock_pins(path):
    environment = yaml.safe_load(path.read_text())
    assert set(environment) == {"channels", "dependencies"}
    nested = [part for part in environment["dependencies"] if isinstance(part, dict)]
    (pip,) = (part["pip"] for part in nested)
    versions = locked()
    for line in pip:
        name, version = line.split("==")
        if path.stem == "map" and normal(name) not in versions:
            continue  # the interactive map is an extra that nothing else needs
        assert versions[normal(name)] == version, line


def test_each_rule_has_an_environment_that_exists():
    for file in (ROOT / "workflow" / "rules").glob("*.smk"):
        rules = re.findall(r"^rule ", file.read_text(), re.M)
        named = re.findall(
            r"conda:\n\s+\"\.\./\.\./envs/(\w+\.yaml)\"", file.read_text()
        )
        assert len(rules) == len(named), file.name
        assert all((ROOT / "envs" / name).exists() for name in named), file.name


def test_packages_of_the_project_file_are_those_that_are_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    # The interactive map is an extra that nothing else needs.
    extras = project["optional-dependencies"] | {"map": []}
    listed = [*project["dependencies"], *chain.from_iterable(extras.values())]
    names = {re.split(r"[=<>\[]", line)[0].lower() for line in listed}
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    wanted = {re.split(r"[=<>\[]", x)[0].lower() for x in lines if x[:1].isalpha()}
    assert names == wanted
