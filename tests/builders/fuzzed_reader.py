"""A reader of files that come from elsewhere, with a file and a second opinion.

A reader gives plain values. What is right for damaged bytes is what other, simpler code reads
from the same bytes; of formats with checksums it is what the whole file says.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple


class FuzzedReader(NamedTuple):
    """A reader and what it reads.

    Attributes
    ----------
    path : where the file lies; what else the reader needs lies beside it
    content : of the whole file
    read : values of a file
    expect : the same values of some bytes, by other code; None where damage shows in a
        checksum, so that only the values of the whole file are right
    agree : whether values are those that are expected
    """

    path: Path
    content: bytes
    read: Callable[[Path], Any]
    expect: Callable[[bytes], Any] | None = None
    agree: Callable[[Any, Any], bool] = lambda found, expected: found == expected


def same_text(found: object, expected: object) -> bool:
    """Whether two answers read the same; NaN equals NaN."""
    return repr(found) == repr(expected)
