"""Make requirements.lock and envs/*.yaml from pyproject.toml, which is edited by hand alone.

    python envs/make_lock.py                       the lock anew; locked versions stay
    python envs/make_lock.py --upgrade             the newest versions that the bounds allow
    python envs/make_lock.py --upgrade numpy zarr  the same for some packages
    python envs/make_lock.py --installed           lock what is installed; needs no network
    python envs/make_lock.py --environments        envs/*.yaml from the lock; needs no network

The lock pins every package of the project and of the extras in `tool.forestflux.lock`, with all
that these need in turn. An environment file pins what the scripts of its rules import, directly
or through other modules, and what `tool.forestflux.environments` adds. `make lock` makes both.
"""

import argparse
import ast
import functools
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
LOCK_HEAD = """\
# Made by `make lock` from pyproject.toml: all that `make env` installs (Linux, Python 3.11).
# torch is pinned without a local version, so that pip takes the CPU build where there is one.
"""


def read_project() -> dict:
    """The whole of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def declared(project: dict, extras: Iterable[str]) -> list[Requirement]:
    """Requirements of the project and of some extras, in the order of pyproject.toml."""
    section = project["project"]
    lines = list(section["dependencies"])
    for extra in extras:
        lines += section["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


def read_lock() -> dict[str, str]:
    """Locked versions by the package's canonical name."""
    lines = LOCK.read_text().splitlines()
    pins = (line.split("==") for line in lines if "==" in line and line[0] != "#")
    return {canonicalize_name(name): version for name, version in pins}


def resolve(requirements: list[Requirement], kept: dict[str, str]) -> dict[str, str]:
    """Versions that pip would install, by the package's own spelling of its name.

    Parameters
    ----------
    requirements : what is declared
    kept : versions by canonical name that must stay
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wanted, constraints = folder / "wanted.txt", folder / "constraints.txt"
        wanted.write_text("\n".join(map(str, requirements)) + "\n")
        constraints.write_text("".join(f"{n}=={v}\n" for n, v in kept.items()))
        words = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run"]
        words += ["--ignore-installed", "--report", str(folder / "report.json")]
        words += ["--requirement", str(wanted), "--constraint", str(constraints)]
        subprocess.run(words, check=True)
        report = json.loads((folder / "report.json").read_text())
    found = (item["metadata"] for item in report["install"])
    return {one["name"]: one["version"].split("+")[0] for one in found}


def installed(requirements: list[Requirement]) -> dict[str, str]:
    """Installed versions of packages and of all that they need, by the package's own name.

    Raises
    ------
    PackageNotFoundError : one of them is not installed
    """
    found: dict[str, str] = {}
    waiting, seen = list(requirements), set()
    while waiting:
        one = waiting.pop()
        if str(one) in seen:
            continue
        seen.add(str(one))
        package = distribution(one.name)
        found[package.metadata["Name"]] = package.version.split("+")[0]
        for line in package.requires or ():
            needed = Requirement(line)
            marker = needed.marker
            if marker is None or any(
                marker.evaluate({"extra": extra}) for extra in one.extras or {""}
            ):
                waiting.append(needed)
    return found


def still_allowed(
    locked: dict[str, str], requirements: list[Requirement]
) -> dict[str, str]:
    """Locked versions that no bound of pyproject.toml forbids."""
    bounds = {canonicalize_name(r.name): r.specifier for r in requirements}
    return {
        name: version
        for name, version in locked.items()
        if name not in bounds or bounds[name].contains(version)
    }


def lock_text(versions: dict[str, str]) -> str:
    """The text of requirements.lock."""
    names = sorted(versions, key=canonicalize_name)
    return LOCK_HEAD + "".join(f"{name}=={versions[name]}\n" for name in names)


def environment_texts(project: dict) -> dict[Path, str]:
    """The text of every file of envs/."""
    own = project["tool"]["forestflux"]["environments"]
    return {
        ROOT / f"envs/{name}.yaml": environment_text(name, one["purpose"], packages)
        for name, one in own.items()
        for packages in [environment_packages(project, name)]
    }


def environment_text(name: str, purpose: str, packages: list[str]) -> str:
    """A conda environment whose packages come through pip, pinned."""
    lines = "".join(f"      - {package}\n" for package in packages)
    return (
        f"# {purpose} Made by `make lock` from pyproject.toml.\n"
        "channels:\n  - conda-forge\n"
        "dependencies:\n  - python=3.11\n  - pip\n  - pip:\n"
        f"{lines}"
    )


def environment_packages(project: dict, name: str) -> list[str]:
    """Pins of what the scripts of an environment's rules need, in the order of pyproject.toml.

    Raises
    ------
    SystemExit : a module imports a package that pyproject.toml doesn't declare
    """
    own = project["tool"]["forestflux"]["environments"][name]
    files = [ROOT / f"workflow/scripts/{script}.py" for script in scripts_of(name)]
    for module in own.get("modules", ()):
        place = ROOT / "src" / module.replace(".", "/")
        files += place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")]
    needed = {distribution_of(module) for module in imports_of(files)}
    needed |= {canonicalize_name(package) for package in own.get("also", ())}
    requirements = declared(project, project["project"]["optional-dependencies"])
    known = {canonicalize_name(one.name): one for one in requirements}
    if missing := needed - set(known):
        raise SystemExit(
            f"envs/{name}.yaml: pyproject.toml does not declare {sorted(missing)}"
        )
    locked = read_lock()
    return [pin(known[package], locked) for package in known if package in needed]


def pin(requirement: Requirement, locked: dict[str, str]) -> str:
    """`name==version`: as locked or, for what isn't in the lock, as declared."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    version = locked.get(canonicalize_name(requirement.name))
    wanted = f"=={version}" if version else requirement.specifier
    return f"{requirement.name}{extras}{wanted}"


def scripts_of(environment: str) -> set[str]:
    """Scripts that the rules with this environment run, as `room/script`."""
    found = set()
    for file in sorted((ROOT / "workflow/rules").rglob("*.smk")):
        for rule in re.split(r"^rule ", file.read_text(), flags=re.M)[1:]:
            if f"envs/{environment}.yaml" in rule:
                found |= set(re.findall(r"(\w+/\w+)\.py\b", rule))
    return {name for name in found if (ROOT / f"workflow/scripts/{name}.py").is_file()}


def imports_of(files: Iterable[Path]) -> set[str]:
    """Modules of other projects that files and the modules behind them import."""
    seen: set[Path] = set()
    waiting, found = list(files), set()
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        for module in imported(file):
            own = ROOT / "src" / module.replace(".", "/")
            if module.split(".")[0] != "forestflux":
                found.add(module)
            elif own.with_suffix(".py").is_file():
                waiting.append(own.with_suffix(".py"))
            # The package itself imports torch only when someone asks it for a model.
            elif module != "forestflux" and (own / "__init__.py").is_file():
                waiting.append(own / "__init__.py")
    return {m for m in found if m.split(".")[0] not in sys.stdlib_module_names}


def imported(file: Path) -> Iterator[str]:
    """Names of the modules that a file imports; names inside a module are among them."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module.split(".")[0] == "forestflux":
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def distribution_of(module: str) -> str:
    """Canonical name of the package that a module comes from."""
    first, *rest = module.split(".")
    if first == "google" and rest:  # many packages share this first name
        return canonicalize_name(f"google-{rest[0]}")
    names = [canonicalize_name(n) for n in installed_modules().get(first, [first])]
    return first if first in names else names[0]


@functools.cache
def installed_modules() -> Mapping[str, list[str]]:
    """Packages by the modules that they install; slow, since it reads every package's list."""
    return packages_distributions()


def main() -> None:
    """Make the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--environments", action="store_true", help="envs/*.yaml")
    parser.add_argument("--installed", action="store_true", help="without a network")
    parser.add_argument("--upgrade", nargs="*", metavar="NAME", help="all if none")
    options = parser.parse_args()
    project = read_project()
    requirements = declared(project, project["tool"]["forestflux"]["lock"]["extras"])
    if options.environments:
        for path, text in environment_texts(project).items():
            path.write_text(text)
    elif options.installed:
        LOCK.write_text(lock_text(installed(requirements)))
    else:
        kept = still_allowed(read_lock(), requirements)
        if options.upgrade is not None:
            freed = {canonicalize_name(name) for name in options.upgrade or kept}
            kept = {name: kept[name] for name in kept if name not in freed}
        LOCK.write_text(lock_text(resolve(requirements, kept)))


if __name__ == "__main__":
    main()
