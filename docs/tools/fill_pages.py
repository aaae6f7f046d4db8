"""Fill the marked places of README.md and of the pages from tracked files.

    python docs/tools/fill_pages.py            # write
    python docs/tools/fill_pages.py --check    # only say which pages differ

A block stands between `<!-- name -->` and `<!-- /name -->` on lines of their own and holds
Markdown; a number in a sentence stands between `<!--=name-->` and `<!--/-->`.
"""

import argparse
import re
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(Path(__file__).parent))

from blocks.page_blocks import BLOCKS  # noqa: E402
from numbers_in_text import numbers_in_text  # noqa: E402

BLOCK = re.compile(r"^<!-- (\w+) -->\n.*?^<!-- /\1 -->$", re.S | re.M)
NUMBER = re.compile(r"<!--=([\w.]+)-->.*?<!--/-->", re.S)


def pages() -> list[Path]:
    """README.md and every page of the documentation."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def fill(text: str, numbers: Mapping[str, str]) -> str:
    """The page with every marked place filled anew.

    Raises
    ------
    KeyError : a page asks for a block or a number that does not exist
    """
    text = BLOCK.sub(
        lambda found: f"<!-- {found[1]} -->\n{block(found[1])}\n<!-- /{found[1]} -->",
        text,
    )
    return NUMBER.sub(
        lambda found: f"<!--={found[1]}-->{numbers[found[1]]}<!--/-->", text
    )


@cache
def block(name: str) -> str:
    """Markdown of a block."""
    return BLOCKS[name]()


def main() -> None:
    """Write the pages, or say which of them differ from their sources."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    numbers = numbers_in_text()
    stale, unused = [], set(BLOCKS)
    for page in pages():
        text = page.read_text()
        filled = fill(text, numbers)
        unused -= {found[1] for found in BLOCK.finditer(text)}
        if filled != text:
            stale.append(page)
            if not check:
                page.write_text(filled)
    if unused:
        sys.exit(f"on no page: {', '.join(sorted(unused))}")
    if check and stale:
        names = ", ".join(str(page.relative_to(ROOT)) for page in stale)
        sys.exit(f"not what the tracked files give (run make docs): {names}")


if __name__ == "__main__":
    main()
