"""The one error that a user is meant to read."""

from pathlib import Path


class InputError(Exception):
    """Input that the workflow cannot use: one line with file, variable, expected, found."""

    def __init__(
        self, source: str | Path, *, variable: str, expected: str, found: str
    ) -> None:
        """Build the line; `source` is the file or configuration, `variable` the column or key."""
        self.source, self.variable = str(source), variable
        self.expected, self.found = expected, found
        line = f"{source}: {variable}: expected {expected}, found {found}"
        super().__init__(" ".join(line.split()))
