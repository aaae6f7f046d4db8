"""How much of a change is evidence, in words that report and explorer share."""

import pandas as pd

ONE_MEMBER = (
    " The ensemble has one member (train.members: 1), so nothing is known of the spread"
    " between members. Intervals are of the errors that unseen towers showed, which do not"
    " need it."
)


def describe_evidence(interannual: pd.DataFrame, *, members: int) -> str:
    """What the response explains of differences between years, at towers by cluster.

    Parameters
    ----------
    interannual : `evaluate/interannual.csv`; it may have no rows
    members : of the ensemble; what a single one cannot tell is said
    """
    return explain_differences(interannual) + (ONE_MEMBER if members == 1 else "")


def explain_differences(interannual: pd.DataFrame) -> str:
    """The same without a word on the members."""
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
        " between years of one place (in brackets the 95 % interval over sites). A change"
        " that is smaller than its interval cannot be told from none."
    )
