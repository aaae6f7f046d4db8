"""The settings and the scripts as pages show them."""

import ast

from tracked_files import ROOT, markdown_table, wrap_sentences

from forestflux.jobs.configuration import Configuration
from forestflux.jobs.configuration_reference import keys, plain_value, reference


def default_settings() -> dict[str, object]:
    """Default of every key that a sentence can show, by its dotted name."""
    found = {
        name: plain_value(field.default)
        for name, field in keys(Configuration)
        if not field.is_required()
    }
    return {name: value for name, value in found.items() if is_simple(value)}


def is_simple(value: object) -> bool:
    """Whether a sentence can show the value: a number, a word, a list of numbers."""
    if isinstance(value, list):
        return all(isinstance(part, int | float) for part in value)
    return isinstance(value, int | float | str)


def configuration() -> str:
    """The configuration reference without its title."""
    return wrap_sentences(reference().partition("\n")[2].strip())


def scripts() -> str:
    """The scripts of the workflow with what they do and their flags."""
    rows = []
    folder = ROOT / "workflow" / "scripts"
    for file in sorted(folder.glob("*/*.py")):
        tree = ast.parse(file.read_text())
        sentence = (ast.get_docstring(tree) or "").partition("\n")[0]
        what = sentence.partition(": ")[2] or sentence
        main = next(
            node
            for node in tree.body
            if isinstance(node, ast.FunctionDef) and node.name == "main"
        )
        flags = [f"`--{a.arg.replace('_', '-')}`" for a in main.args.kwonlyargs]
        name = file.relative_to(folder).as_posix()
        rows.append([f"`{name}`", what.rstrip("."), " ".join(flags)])
    return markdown_table(["script", "what it writes", "flags"], rows)
