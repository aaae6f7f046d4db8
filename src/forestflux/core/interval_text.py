"""A number with its interval as a text writes it."""

from math import floor, isnan, log10

DIGITS = 3  # that are written of the largest number of an interval


def write_interval(
    value: float, lower: float, upper: float, *, plus: bool = False
) -> str:
    """`-33.1 (-80.2 to 14.0)` with three digits of the largest number; `not known`."""
    if isnan(value):
        return "not known"
    largest = max(abs(each) for each in (value, lower, upper) if not isnan(each))
    digits = max(0, DIGITS - 1 - floor(log10(largest))) if largest > 0 else 0
    text = f"{value:{'+' if plus else ''},.{digits}f}"
    if isnan(lower) or isnan(upper):
        return f"{text} (interval not known)"
    return f"{text} ({lower:,.{digits}f} to {upper:,.{digits}f})"
