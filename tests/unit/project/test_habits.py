"""Habits of the repository: lint, format, and one list of dependencies for all files."""

import re
import shutil
import subprocess

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envs import make_lock
from tests.builders.paths import ROOT


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
        ("deptry", "src", "workflow"),
        ("lint-imports",),
        # `make quick` runs it beside the tests.
        pytest.param(("mypy",), marks=pytest.mark.slow),
        ("codespell", "src", "workflow", "config", "docs", "tests", "benchmarks"),
        ("codespell", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "envs"),
        ("pre-commit", "validate-config"),
    ],
    ids=" ".join,
)
def test_lint_format_imports_and_types_are_clean(words):
    """Style, format, rule files, imports and types are clean."""
    status, output = run(*words)
    assert status == 0, output


def wanted():
    project = make_lock.read_project()
    return make_lock.declared(project, project["tool"]["forestflux"]["lock"]["extras"])


def test_lock_holds_what_is_declared_and_all_that_it_needs():
    """The same names as a walk over the installed packages finds: none missing, none left."""
    names = {canonicalize_name(name) for name in make_lock.installed(wanted())}
    assert set(make_lock.read_lock()) == names


def test_lock_keeps_the_bounds_of_the_project_file():
    locked = make_lock.read_lock()
    for requirement in wanted():
        assert requirement.specifier.contains(
            locked[canonicalize_name(requirement.name)]
        )


def test_torch_is_pinned_in_the_requirement_itself():
    """Only then does pip take the CPU build; otherwise it loads gigabytes for GPUs."""
    (torch,) = (one for one in wanted() if one.name == "torch")
    assert str(torch.specifier) == f"=={make_lock.read_lock()['torch']}"


def test_environment_files_are_what_make_lock_makes():
    made = make_lock.environment_texts(make_lock.read_project())
    assert set(made) == set((ROOT / "envs").glob("*.yaml"))
    for path, text in made.items():
        assert path.read_text() == text, f"{path.name} is old: run `make environments`"
        assert set(yaml.safe_load(text)) == {"channels", "dependencies"}


def test_environments_pin_every_package():
    for text in make_lock.environment_texts(make_lock.read_project()).values():
        *_, last = yaml.safe_load(text)["dependencies"]
        pip = last["pip"]
        assert all(re.fullmatch(r"[\w-]+(\[\w+\])?==[\w.]+", line) for line in pip), pip


def test_each_rule_has_an_environment_that_exists():
    for file in (ROOT / "workflow" / "rules").rglob("*.smk"):
        rules = re.findall(r"^rule ", file.read_text(), re.M)
        named = re.findall(
            r"conda:\n\s+\"\.\./\.\./\.\./envs/(\w+\.yaml)\"", file.read_text()
        )
        assert len(rules) == len(named), file.name
        assert all((ROOT / "envs" / name).exists() for name in named), file.name


def test_rules_and_scripts_lie_in_the_folder_of_a_room_that_they_call():
    workflow = ROOT / "workflow"
    for file in (workflow / "rules").rglob("*.smk"):
        if file.parent.name != "helpers":
            run = re.findall(r'"\$SCRIPTS"/(\w+)/\w+\.py', file.read_text())
            assert run, file.name
            assert set(run) == {file.parent.name}, file.name
    scripts = list((workflow / "scripts").rglob("*.py"))
    assert len(scripts) == len({script.name for script in scripts})
    for script in scripts:
        assert (ROOT / "src/forestflux" / script.parent.name).is_dir(), script.name
        called = rf"^from forestflux\.{script.parent.name}\."
        assert re.search(called, script.read_text(), re.M), script.name


def test_every_dependency_has_a_reason():
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    listed = [line for line in lines if re.match(r'  "[A-Za-z]', line)]
    names = {Requirement(line.split('"')[1]).name for line in listed if "#" in line}
    project = make_lock.read_project()
    every = make_lock.declared(project, project["project"]["optional-dependencies"])
    assert {one.name for one in every} <= names
