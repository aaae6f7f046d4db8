"""Messages that pages show to users are those that the code writes."""

import ast
import re

import pytest

from tests.builders.paths import ROOT

PAGES = ("own-towers", "fluxnet-archives", "modis-subsets")
ROOMS = ("core", "jobs", "sources", "towers", "prepare")
# Shorter texts of the code could match anything.
SHORTEST = 5


def shown_messages():
    """What each page says that was expected, `...` where the page leaves words out."""
    for page in PAGES:
        text = (ROOT / "docs" / "how-to" / f"{page}.md").read_text()
        for line in text.splitlines():
            if line.startswith("|"):
                for message in re.findall(r"`([^`]*: expected [^`]*)`", line):
                    expected = message.partition(": expected ")[2]
                    yield page, expected.rpartition(", found ")[0] or expected


def pieces(node):
    """Literal pieces of a text in the code, None where a value is put in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return [piece for part in node.values for piece in (pieces(part) or [None])]
    return []


@pytest.fixture(scope="module")
def written():
    """Every text of the code, as its literal pieces."""
    texts = []
    for room in ROOMS:
        for file in (ROOT / "src" / "forestflux" / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                found = pieces(node)
                if sum(len(piece) for piece in found if piece) >= SHORTEST:
                    texts.append(found)
    return texts


def matches(text, message):
    pattern = "".join(".+" if piece is None else re.escape(piece) for piece in text)
    return re.fullmatch(pattern, message, re.S)


def holds(text, part):
    """Whether a literal piece of the code has a part of a message, or the reverse."""
    literals = [piece for piece in text if piece and len(piece) >= SHORTEST]
    return any(
        part in literal or (literal.strip() in part and 2 * len(literal) >= len(part))
        for literal in literals
    )


@pytest.mark.parametrize(("page", "message"), sorted(set(shown_messages())))
def test_a_message_on_a_page_is_one_of_the_code(page, message, written):
    if any(matches(text, message) for text in written):
        return
    shown = [part.strip(" :,()") for part in message.split("...")]
    shown = [part for part in shown if len(part) >= SHORTEST]
    assert shown or message == "..."
    for part in shown:
        assert any(holds(text, part) for text in written), part
