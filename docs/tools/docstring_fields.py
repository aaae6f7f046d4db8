"""Fields of docstrings as the site's parser reads them.

Docstrings here name a field and its meaning on one line (`path : the store`); the parser of
numpydoc takes what follows the colon for a type. Only the site needs the other form.
"""

import re

import griffe

SECTIONS = ("Parameters", "Attributes", "Raises", "Returns")
FIELD = re.compile(r"^(\w[\w, .]*) : (.*)$")


class FieldsOnTheirOwnLines(griffe.Extension):
    """Puts the meaning of each field below its name."""

    def on_object(self, *, obj: griffe.Object, **kwargs: object) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            obj.docstring.value = split_fields(obj.docstring.value)


def split_fields(text: str) -> str:
    """The docstring with every meaning on lines of its own, indented below the name."""
    lines, section = [], ""
    given = text.splitlines()
    for position, line in enumerate(given):
        below = given[position + 1] if position + 1 < len(given) else ""
        if below.strip() and set(below.strip()) == {"-"}:
            section = line.strip()
        field = FIELD.match(line) if section in SECTIONS else None
        rule = set(line.strip()) == {"-"}
        if field:
            lines += [field[1], f"    {field[2]}"]
        elif (
            section in SECTIONS
            and line.strip()
            and line.strip() != section
            and not rule
        ):
            lines.append(f"    {line.strip()}")
        else:
            lines.append(line)
    return "\n".join(lines)
