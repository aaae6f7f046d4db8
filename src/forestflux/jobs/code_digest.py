"""Digests of code: what a rule's result depends on beyond its inputs and its configuration."""

import ast
import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path


@functools.cache
def parse(file: Path) -> ast.Module:
    """Syntax tree of a file without docstrings; comments and layout are not in it anyway."""
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and is_docstring(body[0]):
            body[0].value.value = ""
    return tree


def is_docstring(node: ast.AST) -> bool:
    """Whether a statement is a plain string, as docstrings are."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def imported(file: Path, roots: Sequence[Path]) -> set[Path]:
    """Files below the roots that a file imports itself, at its top or inside functions."""
    names = set()
    for node in ast.walk(parse(file)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names |= {
                node.module,
                *(f"{node.module}.{alias.name}" for alias in node.names),
            }
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


def code_digest(*names: str, roots: Sequence[Path]) -> str:
    """Digest of modules and of all modules behind them (12 hexadecimal digits).

    Snakemake reruns a rule when its command changes but not when a module that the
    command imports changes. With this digest among its params a rule reruns then as
    well. Comments, layout and docstrings do not count.

    Parameters
    ----------
    names : modules by their full names, `infer` or `forestflux.maps.inference`
    roots : folders in which modules lie; imports are followed below them only

    Raises
    ------
    FileNotFoundError : no root has a module of such a name
    """
    digest = hashlib.sha256()
    for file in modules([find_module(name, roots) for name in names], roots):
        (root,) = (root for root in roots if file.is_relative_to(root))
        digest.update(str(file.relative_to(root)).encode())
        digest.update(ast.dump(parse(file)).encode())
        digest.update(data_beside(file))
    return digest.hexdigest()[:12]


def find_module(name: str, roots: Sequence[Path]) -> Path:
    """The file of a module below the first root that has it."""
    files = [file_of(name, root) for root in roots]
    for file in files:
        if file.is_file():
            return file
    raise FileNotFoundError(f"module {name}: none of {', '.join(map(str, files))}")


def data_beside(file: Path) -> bytes:
    """Contents of data files with the module's name: `report.html` belongs to `report.py`."""
    siblings = sorted(file.parent.glob(f"{file.stem}.*"))
    return b"".join(p.read_bytes() for p in siblings if p.suffix not in {".py", ".pyc"})
