"""Text that can be shown anywhere: one printable line without credentials."""

import html
import re

HIDDEN = "***"

# Control characters, ends of lines, turns of the direction of writing, halves of characters.
# Blanks and joiners that names of many languages need are not among them.
UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)

# What credentials look like: a user or a key in front of an address, a value of a key that
# is named like a secret, keys of Amazon and Google, a private key. Each pattern takes all
# that has to be hidden; lengths are bounded, so that long texts take no long time.
CREDENTIALS = re.compile(
    r"(?<=://)[^/\s@:]{0,100}(?::[^\s@]{0,100})?(?=@)"
    r"|(?<![A-Za-z])(?:[\w-]{0,40}(?:secret|passw(?:or)?d|token|signature|account_?key"
    r"|api[_-]?key|access[_-]?key)[\w-]{0,40}|sig)=[^\s&;]+"
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
    return UNPRINTABLE.sub(
        lambda found: found[0].encode("unicode_escape").decode("ascii"), line
    )


def is_printable(text: str) -> bool:
    """Whether a text is one line that a terminal shows as it is written."""
    return UNPRINTABLE.search(text) is None


def escape_markdown(text: str) -> str:
    """The text as a page in Markdown shows it: no link, no emphasis, no HTML."""
    return re.sub(r"([\\`*\[\]|])", r"\\\1", html.escape(text, quote=False))


def refuse_unplain(text: str) -> str:
    """The text as it is.

    Raises
    ------
    ValueError : it has a character that does not print, or something like a credential
    """
    if not is_printable(text):
        raise ValueError("one line of printable characters")
    if CREDENTIALS.search(text):
        raise ValueError("no credentials, which come from the environment")
    return text
