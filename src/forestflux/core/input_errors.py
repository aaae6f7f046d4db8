"""The one error that a user is meant to read."""

from pathlib import Path

from forestflux.core.reading.plain_text import show_plainly


class InputError(Exception):
    """Input that the workflow cannot use: one line with file, variable, expected, found.

    Bad input is foreign text. Whatever it holds, the line can be shown on a terminal and kept
    in a log: no control character, nothing that looks like a credential.
    """

    def __init__(
        self, source: str | Path, *, variable: str, expected: str, found: str
    ) -> None:
        """Build the line; `source` is the file or configuration, `variable` the column or key."""
        self.source, self.variable = show_plainly(str(source)), show_plainly(variable)
        self.expected, self.found = show_plainly(expected), show_plainly(found)
        super().__init__(
            f"{self.source}: {self.variable}:"
            f" expected {self.expected}, found {self.found}"
        )
