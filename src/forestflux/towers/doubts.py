"""Doubts about a tower: refused on one line that names it, unless the user has confirmed it."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from forestflux.core.input_errors import InputError

# So many towers are named on one line.
SHOWN_SITES = 5


class Doubt(NamedTuple):
    """What is doubtful about a tower.

    Attributes
    ----------
    site : the tower
    variable : column or columns
    expected : what the numbers should be, in words
    found : what they are, in words, with the likely cause
    """

    site: str
    variable: str
    expected: str
    found: str


def refuse_doubts(
    doubts: Iterable[Doubt], source: str | Path, *, confirmed: Collection[str]
) -> None:
    """Refuse what is doubtful about towers that the user has not confirmed.

    Parameters
    ----------
    source : the file or key that the error names
    confirmed : names of towers, the key `towers.confirmed`

    Raises
    ------
    InputError : a doubt is left; the line names the first one's tower, and the others
    """
    left = [doubt for doubt in doubts if doubt.site not in confirmed]
    if not left:
        return
    first = left[0]
    others = sorted({doubt.site for doubt in left} - {first.site})
    more = f"; also doubtful: {list_sites(others)}" if others else ""
    raise InputError(
        source,
        variable=first.variable,
        expected=first.expected,
        found=f"{first.found}; if it is right, add {first.site} to towers.confirmed{more}",
    )


def list_sites(sites: Collection[str]) -> str:
    """The first of some towers by name, and how many more there are."""
    names = sorted(sites)
    more = f" and {len(names) - SHOWN_SITES} more" if len(names) > SHOWN_SITES else ""
    return ", ".join(names[:SHOWN_SITES]) + more


def refuse_unknown_sites(
    names: Collection[str], sites: Collection[str], key: str
) -> None:
    """Refuse a key of the configuration that names a tower which is none.

    Parameters
    ----------
    names : what the key lists
    sites : all towers
    key : such as `towers.confirmed`
    """
    unknown = sorted(set(names) - set(sites))
    if unknown:
        raise InputError(
            "configuration",
            variable=key,
            expected="sites of sites.csv",
            found=", ".join(unknown),
        )
