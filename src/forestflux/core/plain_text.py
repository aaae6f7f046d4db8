"""Text that can be shown anywhere: one printable line without credentials."""

import html
import re

HIDDEN = "***"

# What credentials look like: a user or a key in front of an address, a value of a key that
# is named like a secret, keys of Amazon and Google, a private key. Each pattern takes all
# that has to be hidden.
CREDENTIALS = re.compile(
    r"(?<=://)(?:[^/\s@]*|[^\s@]*:[^\s@]*)(?=@)"
    r"|(?<![A-Za-z])(?:[\w-]*(?:secret|passw(?:or)?d|token|signature|account_?key"
    r"|api[_-]?key|access[_-]?key)[\w-]*|sig)=[^\s&;]+"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bAIza[0-9A-Za-z_-]{35}|\bya29\.[0-9A-Za-z_-]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----(?:.*?-----END|.*)",
    re.IGNORECASE | re.DOTALL,
)


def hide_credentials(text: str) -> str:
    """The text with `***` for everything that looks like a credential."""
    return CREDENTIALS.sub(HIDDEN, text)


def show_plainly(text: str) -> str:
    """The text on one line, without credentials; what no terminal should get is escaped."""
    return to_one_line(hide_credentials(text))


def to_one_line(text: str) -> str:
    """The text with single blanks; what no terminal should get is escaped."""
    return escape_unprintable(" ".join(text.split()))


def escape_unprintable(line: str) -> str:
    """The line with the numbers of characters that do not print, as Python writes them."""
    return "".join(c if c.isprintable() else escape_character(c) for c in line)


def escape_markdown(text: str) -> str:
    """The text as a page in Markdown shows it: no link, no emphasis, no HTML."""
    return re.sub(r"([\\`*\[\]|])", r"\\\1", html.escape(text, quote=False))


def escape_character(character: str) -> str:
    """A character by its number."""
    return character.encode("unicode_escape").decode("ascii")


def refuse_unplain(text: str) -> str:
    """The text as it is.

    Raises
    ------
    ValueError : it has a character that does not print, or something like a credential
    """
    if not text.isprintable():
        raise ValueError("one line of printable characters")
    if CREDENTIALS.search(text):
        raise ValueError("no credentials, which come from the environment")
    return text
