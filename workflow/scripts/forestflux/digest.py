"""Digests of code: what a rule's result depends on beyond its inputs and its configuration."""

import ast
import functools
import hashlib
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


def imported(file: Path, root: Path) -> set[Path]:
    """Files below `root` that a file imports itself, at its top or inside functions."""
    names = set()
    for node in ast.walk(parse(file)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names |= {
                node.module,
                *(f"{node.module}.{alias.name}" for alias in node.names),
            }
    files = {root.joinpath(*name.split(".")).with_suffix(".py") for name in names}
    return {candidate for candidate in files if candidate.is_file()}


def modules(files: list[Path], root: Path) -> list[Path]:
    """The files and everything below `root` that they import, directly or not, sorted."""
    found, waiting = set(), list(files)
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting.extend(imported(file, root))
    return sorted(found)


def code_digest(root: Path, *names: str) -> str:
    """Digest of scripts and of the modules behind them (12 hexadecimal digits).

    Snakemake reruns a rule when its command changes but not when a module that the
    command imports changes. With this digest among its params a rule reruns then as
    well. Comments, layout and docstrings do not count.

    Parameters
    ----------
    root : the folder of the scripts; imports are followed below it only
    names : files relative to `root`
    """
    digest = hashlib.sha256()
    for file in modules([root / name for name in names], root):
        digest.update(str(file.relative_to(root)).encode())
        digest.update(ast.dump(parse(file)).encode())
        digest.update(data_beside(file))
    return digest.hexdigest()[:12]


def data_beside(file: Path) -> bytes:
    """Contents of data files with the module's name: `report.html` belongs to `report.py`."""
    siblings = sorted(file.parent.glob(f"{file.stem}.*"))
    return b"".join(p.read_bytes() for p in siblings if p.suffix not in {".py", ".pyc"})
