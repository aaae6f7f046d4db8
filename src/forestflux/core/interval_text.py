"""Numbers, intervals and units as a text writes them."""

import re
from math import floor, isnan, log10

DIGITS = 3  # that are written of the largest number of an interval
NO_BREAK = "\u00a0"
MINUS = "\u2212"
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def write_interval(
    value: float, lower: float, upper: float, *, plus: bool = False
) -> str:
    """`-33.1 (-80.2 to 14.0)` with three digits of the largest number; `not known`."""
    if isnan(value):
        return "not known"
    largest = max(abs(each) for each in (value, lower, upper) if not isnan(each))
    digits = max(0, DIGITS - 1 - floor(log10(largest))) if largest > 0 else 0
    text = write_number(value, digits, plus=plus)
    if isnan(lower) or isnan(upper):
        return f"{text} (interval not known)"
    ends = (write_number(end, digits_of(end, digits)) for end in (lower, upper))
    return f"{text} ({' to '.join(ends)})"


def digits_of(end: float, digits: int) -> int:
    """Decimals that show on which side of zero an end of an interval lies, two more at most."""
    shown = (more for more in range(digits, digits + 3) if round(end, more))
    return next(shown, digits)


def write_number(value: float, digits: int, *, plus: bool = False) -> str:
    """A number with so many decimals; what rounds to zero has no sign."""
    rounded = round(value, digits) or 0.0  # `or` turns -0.0 into 0.0
    return f"{rounded:{'+' if plus and rounded else ''},.{digits}f}"


def set_units(text: str) -> str:
    """The text as a page shows it: raised exponents, a true minus, units beside their number.

    No line of a narrow page then ends within `PgC yr-1` or between a number and its unit.
    """
    text = re.sub(
        r"\b(km|m|yr|month|R)(-?\d)\b", lambda m: m[1] + m[2].translate(RAISED), text
    )
    text = re.sub(r"(?<![\w.)⁻-])-(?=\d)", MINUS, text)
    text = text.replace(" - ", f" {MINUS} ")
    text = re.sub(r"(?<=\d) (?=%)", NO_BREAK, text)
    text = re.sub(r"(?<=[\d)]) (?=[PTG]?gC\b|million\b)", NO_BREAK, text)
    return re.sub(
        r"\b(gC|[PTG]gC|m⁻²|million) (?=(yr|m|month|km)[⁻²])", rf"\1{NO_BREAK}", text
    )
