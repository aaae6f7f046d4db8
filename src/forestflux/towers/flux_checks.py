"""Checks of annual fluxes: another unit, the other sign of NEE, budgets that do not close."""

from pathlib import Path

import pandas as pd

from forestflux.core.errors import InputError
from forestflux.core.names import CLOSURE_TOLERANCE, FLUX_UNIT

# Bounds of the median GPP over forest towers. GPP in gC m-2 day-1 or kgC m-2 yr-1 lies
# below, GPP in mgC above. The most productive forests stay below 5,000 gC m-2 yr-1.
PLAUSIBLE_MEDIAN = (20.0, 20_000.0)

# The sign of NEE is judged from all forest towers together. One clear-cut or drained tower
# may well be a source; four out of five are hardly so by chance.
SIGN_MIN_TOWERS = 5
SIGN_MAX_SOURCES = 0.8


def check_presence(forest_years: pd.DataFrame, path: str | Path) -> None:
    """Refuse a table without any forest site-year whose GPP and NEE are known."""
    if forest_years.dropna(subset=["gpp", "nee"]).empty:
        raise InputError(
            path,
            variable="gpp, nee",
            expected="numbers for at least one year of a forest tower",
            found="none",
        )


def check_units(forest_years: pd.DataFrame, path: Path) -> None:
    """Refuse GPP whose median over forest towers is implausible: another unit or sign.

    Parameters
    ----------
    forest_years : rows of forest towers
    """
    low, high = PLAUSIBLE_MEDIAN
    median = forest_years.groupby("site")["gpp"].median().median()
    if low <= median <= high:
        return
    cause = "is GPP negative there?" if median < 0 else "another unit?"
    raise InputError(
        path,
        variable="gpp",
        expected=f"{FLUX_UNIT}, a median of forest towers from {low:g} to {high:g}",
        found=f"{median:.4g} ({cause})",
    )


def check_sign_of_nee(
    forest_years: pd.DataFrame, path: Path, *, judge_towers: bool = True
) -> None:
    """Refuse NEE that is a copy of GPP or has the sign of NEP (positive = uptake).

    With `reco` the sign is certain, because only one sign closes the budget. Without it
    the forest towers decide together, if there are enough of them: most forests are sinks
    in most years.

    Parameters
    ----------
    forest_years : rows of forest towers: site, gpp, nee and perhaps reco, gC m-2 yr-1
    judge_towers : whether many towers that are sources count as the wrong sign
    """
    known = forest_years.dropna(subset=["gpp", "nee"])
    found = find_copy_of_gpp(known)
    if found is None and "reco" in known:
        found = find_flipped_budget(known)
    if found is None and judge_towers:
        found = find_too_many_sources(known)
    if found is not None:
        raise InputError(
            path,
            variable="nee",
            expected="reco - gpp, negative where the forest takes up carbon",
            found=found,
        )


def find_copy_of_gpp(known: pd.DataFrame) -> str | None:
    """Text of the fault if most NEE equals GPP or its negative; None if not."""
    found = None
    tolerance = 1e-3 * known["gpp"].abs() + 1e-6
    for sign, text in ((1, "gpp"), (-1, "-gpp")):
        same = (known["nee"] - sign * known["gpp"]).abs() <= tolerance
        if same.mean() > 0.5:
            found = (
                f"a copy of {text} in {same.sum()} of {len(known)} forest site-years"
            )
    return found


def find_flipped_budget(known: pd.DataFrame) -> str | None:
    """Text of the fault if reco = gpp - nee holds better than gpp + nee; None if not."""
    known = known.dropna(subset=["reco"])
    if known.empty:
        return None
    as_given = (known["reco"] - (known["gpp"] + known["nee"])).abs()
    flipped = (known["reco"] - (known["gpp"] - known["nee"])).abs()
    # A tenth: partitioning leaves some residual, the wrong sign leaves twice NEE.
    if flipped.median() >= 0.1 * as_given.median():
        return None
    return f"gpp - reco in the median of {len(known)} forest site-years (sign flipped)"


def find_too_many_sources(known: pd.DataFrame) -> str | None:
    """Text of the fault if most of the forest towers are sources; None if not."""
    median = known.groupby("site")["nee"].median()
    sources = int((median > 0).sum())
    if len(median) < SIGN_MIN_TOWERS or sources < SIGN_MAX_SOURCES * len(median):
        return None
    return (
        f"a positive median at {sources} of {len(median)} forest towers"
        " (gpp - reco? towers.check_sign: false if they are sources)"
    )


def check_closure(table: pd.DataFrame, path: Path) -> None:
    """Refuse site-years whose reco is not gpp + nee within `CLOSURE_TOLERANCE`."""
    residual = (table["reco"] - (table["gpp"] + table["nee"])).abs()
    bad = residual > CLOSURE_TOLERANCE
    if not bad.any():
        return
    worst = table.iloc[int(residual.argmax())]
    raise InputError(
        path,
        variable="reco",
        expected=f"gpp + nee within {CLOSURE_TOLERANCE:g} {FLUX_UNIT}, or no column",
        found=f"a difference of {residual.max():.0f} at {worst['site']} {worst['year']}"
        f" and {bad.sum()} such site-years in all",
    )
