"""How numbers are written in figures, report and headline numbers."""

import pandas as pd


def format_p_value(value: float) -> str:
    """`= 0.012`, or `< 0.001`."""
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def format_share(value: float) -> str:
    """`12 %`, `0 %` for none, `<1 %` and `>99 %` where a round number would say none or all."""
    percent = f"{100 * value:.0f}"
    if percent == "0" and value > 0:
        return "<1 %"
    if percent == "100" and value < 1:
        return ">99 %"
    return f"{percent} %"


def format_interval(lower: float, upper: float) -> str:
    """`[-0.20, 0.35]`, as many digits as the larger bound needs; a dash without them.

    Three decimals where both bounds are small, none where one has three digits before them.
    """
    if pd.isna(lower) or pd.isna(upper):
        return "-"
    largest = max(abs(lower), abs(upper))
    digits = 3 if largest < 0.2 else 2 if largest < 100 else 0
    return f"[{lower:.{digits}f}, {upper:.{digits}f}]"


def format_range(low: float, high: float) -> str:
    """`3.1 to 3.9`, one number where both ends are equal, a dash where there is none."""
    ends = ["" if pd.isna(end) else f"{end:.4g}" for end in (low, high)]
    if ends[0] == ends[1]:
        return ends[0] or "-"
    return f"{ends[0] or 'any'} to {ends[1] or 'any'}"
