"""Checksums of code: what a rule's result depends on beyond its inputs and its configuration."""

import ast
import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Module:
    """What counts of a module: its tree without plain texts and the names it imports."""

    tree: ast.Module
    imports: frozenset[str]

    @functools.cached_property
    def dump(self) -> bytes:
        """The tree as text; comments and layout are not in it anyway."""
        return ast.dump(self.tree).encode()


# Every rule asks for the same modules. By text, not by name: a file that has been edited is
# another text, so what is kept is never stale.
@functools.cache
def parse(text: str) -> Module:
    """A module's text, read once however many rules depend on it."""
    tree = ast.parse(text)
    imports: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            imports |= {
                node.module or "",
                *(f"{node.module}.{alias.name}" for alias in node.names),
            }
        body = getattr(node, "body", None)
        if isinstance(body, list):
            body[:] = [part for part in body if not is_plain_text(part)]
    return Module(tree, frozenset(imports))


def is_plain_text(node: ast.AST) -> bool:
    """Whether a statement is a string alone: a docstring, or the description of a setting."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def imported(file: Path, roots: Sequence[Path]) -> set[Path]:
    """Files below the roots that a file imports itself, at its top or inside functions."""
    names = parse(file.read_text()).imports
    files = {file_of(name, root) for name in names for root in roots}
    return {candidate for candidate in files if candidate.is_file()}


def file_of(module: str, root: Path) -> Path:
    """Where a module of this name lies below a root, whether or not it is there."""
    return root.joinpath(*module.split(".")).with_suffix(".py")


def modules(files: list[Path], roots: Sequence[Path]) -> list[Path]:
    """The files and everything below the roots that they import, directly or not, sorted."""
    found, waiting = set(), list(files)
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting.extend(imported(file, roots))
    return sorted(found)


def code_checksum(*names: str, roots: Sequence[Path]) -> str:
    """Checksum of modules and of all modules behind them (12 hexadecimal digits).

    Snakemake reruns a rule when its command changes but not when a module that the
    command imports changes. With this checksum among its params a rule reruns then as
    well. Comments, layout, docstrings and descriptions of settings do not count.

    Parameters
    ----------
    names : modules by their full names, `infer` or `forestflux.maps.inference`
    roots : folders in which modules lie; imports are followed below them only

    Raises
    ------
    FileNotFoundError : no root has a module of such a name
    """
    checksum = hashlib.sha256()
    for file in modules([find_module(name, roots) for name in names], roots):
        (root,) = (root for root in roots if file.is_relative_to(root))
        checksum.update(str(file.relative_to(root)).encode())
        checksum.update(parse(file.read_text()).dump)
        for asset in assets(file):
            checksum.update(asset.relative_to(root).as_posix().encode())
            checksum.update(asset.read_bytes())
    return checksum.hexdigest()[:12]


def find_module(name: str, roots: Sequence[Path]) -> Path:
    """The file of a module below the first root that has it."""
    files = [file_of(name, root) for root in roots]
    for file in files:
        if file.is_file():
            return file
    raise FileNotFoundError(f"module {name}: none of {', '.join(map(str, files))}")


def assets(file: Path) -> list[Path]:
    """Data files that a module names in `ASSETS`, sorted; most modules name none.

    `ASSETS = ("card.md", "templates")` at the top of a module lists files and folders
    relative to the module's own folder. A folder stands for every file below it.

    Raises
    ------
    ValueError : `ASSETS` is not a tuple of plain strings, so it cannot be read without
        running the module
    FileNotFoundError : there is no such file or folder
    """
    found: set[Path] = set()
    for name in asset_names(file):
        path = file.parent / name
        if not path.exists():
            raise FileNotFoundError(f"{file}: ASSETS names {name}, which is not there")
        below = path.rglob("*") if path.is_dir() else [path]
        found |= {p for p in below if p.is_file()}
    return sorted(found)


def asset_names(file: Path) -> tuple[str, ...]:
    """The value of the constant `ASSETS` of a module; empty where it has none."""
    for node in parse(file.read_text()).tree.body:
        if isinstance(node, ast.Assign) and [
            target.id for target in node.targets if isinstance(target, ast.Name)
        ] == ["ASSETS"]:
            try:
                names = ast.literal_eval(node.value)
            except ValueError:
                names = None  # an expression, not a literal
            if isinstance(names, tuple) and all(isinstance(n, str) for n in names):
                return names
            raise ValueError(f"{file}: ASSETS is not a tuple of plain strings")
    return ()
