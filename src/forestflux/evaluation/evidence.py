"""How much of a change is evidence, in words that report and explorer share."""

import pandas as pd

from forestflux.core.interval_text import write_number
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
    simulated: bool,
    pair: pd.DataFrame | None = None,
    unit: TotalUnit = AS_IN_TABLES,
) -> str:
    """What the response explains of differences between years, and what change could be told.

    Parameters
    ----------
    interannual : `evaluate/interannual.csv`; it may have no rows
    members : of the ensemble; what a single one cannot tell is said
    simulated : whether the towers are those of a simulated planet
    pair : `change/pair.csv`; None for a run without maps
    unit : in which its totals are
    """
    words = [explain_differences(interannual, simulated=simulated)]
    if pair is not None:
        words.append(name_least_change(pair, unit=unit))
    if members == 1:
        words.append(ONE_MEMBER)
    return " ".join(words)


def name_least_change(pair: pd.DataFrame, *, unit: TotalUnit) -> str:
    """The change of all forest that could just be told from no change: the half-width.

    Parameters
    ----------
    pair : `change/pair.csv`
    unit : in which its totals are
    """
    rows = pair[pair["kind"] == "all"]
    half = (rows["change_upper"] - rows["change_lower"]) / 2
    texts = [
        f"{flux.upper()} {width:.2g}"
        for flux, width in zip(rows["variable"], half, strict=True)
    ]
    return (
        "The smallest change of all forest between the two years that could be told from"
        f" no change: {', '.join(texts)} {unit.total}."
    )


def explain_differences(interannual: pd.DataFrame, *, simulated: bool) -> str:
    """What the response explains of differences between years, at towers by cluster.

    Parameters
    ----------
    interannual : `evaluate/interannual.csv`; it may have no rows
    simulated : whether the towers are those of a simulated planet
    """
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
    shares = 100 * rows[["r2", "r2_lower", "r2_upper"]].to_numpy(float)
    texts = [
        f"{write_number(share, 0)} % of {target.upper()}"
        f" ({write_number(low, 0)} to {write_number(high, 0)} %)"
        for target, (share, low, high) in zip(rows["target"], shares, strict=True)
    ]
    below = ", below 0: worse than no difference" if shares.min() < -0.5 else ""
    return (
        f"At {'simulated ' if simulated else ''}towers never seen, the inputs explain"
        f" {', '.join(texts)} of the differences between years of one place (95 % interval"
        f" over sites{below})."
    )
