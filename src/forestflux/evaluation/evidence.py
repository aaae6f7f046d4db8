"""How much of a change is evidence, in words that report and explorer share."""

import pandas as pd

from forestflux.core.total_units import AS_IN_TABLES, TotalUnit

ONE_MEMBER = (
    "The ensemble has one member (train.members: 1), so nothing is known of the spread"
    " between members. Intervals are of the errors that unseen towers showed, which do not"
    " need it."
)


def describe_evidence(
    interannual: pd.DataFrame,
    *,
    members: int,
    pair: pd.DataFrame | None = None,
    unit: TotalUnit = AS_IN_TABLES,
) -> str:
    """What the response explains of differences between years, and what change could be told.

    Parameters
    ----------
    interannual : `evaluate/interannual.csv`; it may have no rows
    members : of the ensemble; what a single one cannot tell is said
    pair : `change/pair.csv`; None for a run without maps
    unit : in which its totals are
    """
    words = [explain_differences(interannual)]
    if pair is not None:
        words.append(name_least_change(pair, unit=unit))
    if members == 1:
        words.append(ONE_MEMBER)
    return " ".join(words)


def name_least_change(pair: pd.DataFrame, *, unit: TotalUnit) -> str:
    """The change of all forest that could just be told from none: the half-width.

    Parameters
    ----------
    pair : `change/pair.csv`
    unit : in which its totals are
    """
    rows = pair[pair["kind"] == "all"]
    half = (rows["change_upper"] - rows["change_lower"]) / 2
    texts = [
        f"{width:.2g} for {flux.upper()}"
        for flux, width in zip(rows["variable"], half, strict=True)
    ]
    return (
        "A change of all forest between the two years that is smaller than"
        f" {', '.join(texts)} ({unit.total}) cannot be told from none here."
    )


def explain_differences(interannual: pd.DataFrame) -> str:
    """What the response explains of differences between years, at towers by cluster."""
    rows = interannual[
        (interannual["form"] == "response")
        & (interannual["subset"] == "all")
        & (interannual["split"] == "cluster")
    ]
    if rows.empty:
        return (
            "How much of a change is evidence is not known: no tower has three scored"
            " years."
        )
    shares = rows[["r2", "r2_lower", "r2_upper"]].clip(lower=0).to_numpy(float)
    texts = [
        f"{share:.0%} of {target.upper()} ({low:.0%} to {high:.0%})"
        for target, (share, low, high) in zip(rows["target"], shares, strict=True)
    ]
    return (
        f"At towers never seen, the inputs explain {', '.join(texts)} of the differences"
        " between years of one place (in brackets the 95 % interval over sites)."
    )
