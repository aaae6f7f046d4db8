"""Checks of annual fluxes, the same for a user's tables and for archives.

What is impossible is refused. What may be wrong is a doubt about one tower, which the user can
settle (`forestflux.towers.doubts`).
"""

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from forestflux.core.input_errors import InputError
from forestflux.core.names import CLOSURE_TOLERANCE, FLUX_UNIT, FOREST_TYPES
from forestflux.towers.doubtful_fluxes import doubt_fluxes
from forestflux.towers.doubts import list_sites, refuse_doubts

# The sign of NEE is judged from all forest towers together. One clear-cut or drained tower
# may well be a source; four out of five are hardly so by chance.
SIGN_MIN_TOWERS = 5
SIGN_MAX_SOURCES = 0.8
# Budgets that close as given are off by rounding only, gC m-2 yr-1.
ROUNDING = 1.0
EXPECTED_SIGN = "reco - gpp, negative where the forest takes up carbon"


def check_fluxes(
    site_years: pd.DataFrame,
    sites: pd.DataFrame,
    source: str | Path,
    *,
    check_sign: bool,
    confirmed: Collection[str],
) -> None:
    """Refuse annual fluxes that cannot be, and those that are doubtful and not confirmed.

    Parameters
    ----------
    site_years : site, year, gpp, nee, nee_qc and perhaps reco, gC m-2 yr-1
    sites : site, igbp
    source : the file or key that an error names
    check_sign : whether forest towers that are sources are doubtful
    confirmed : towers whose values the user has checked

    Raises
    ------
    InputError : no forest tower with GPP and NEE, another unit, the other sign of NEE,
        budgets that do not close
    """
    forest = sites.loc[sites["igbp"].isin(FOREST_TYPES), "site"]
    is_forest = site_years["site"].isin(forest)
    check_presence(site_years[is_forest], source)
    check_sign_of_nee(
        site_years, is_forest=is_forest, source=source, judge_towers=check_sign
    )
    doubts = doubt_fluxes(site_years, is_forest=is_forest, doubt_sources=check_sign)
    refuse_doubts(doubts, source, confirmed=confirmed)
    if "reco" in site_years:
        check_closure(site_years, source)


def check_presence(forest_years: pd.DataFrame, source: str | Path) -> None:
    """Refuse a table without any forest site-year whose GPP and NEE are known."""
    if forest_years.dropna(subset=["gpp", "nee"]).empty:
        raise InputError(
            source,
            variable="gpp, nee",
            expected="numbers for at least one year of a forest tower",
            found="none",
        )


def check_sign_of_nee(
    site_years: pd.DataFrame,
    *,
    is_forest: pd.Series,
    source: str | Path,
    judge_towers: bool,
) -> None:
    """Refuse NEE that is a copy of GPP or has the sign of NEP (positive = uptake).

    With a `reco` that was not made from the same numbers the sign is certain at each tower,
    because only one sign closes the budget. Else the forest towers decide together, if there
    are enough of them: most forests are sinks in most years.

    Parameters
    ----------
    is_forest : bool (row,)
    judge_towers : whether many towers that are sources count as the wrong sign
    """
    known = site_years.dropna(subset=["gpp", "nee"])
    of_forest = known[is_forest[known.index]]
    found = find_copy_of_gpp(of_forest)
    if found is None and "reco" in known:
        found = find_flipped_budgets(known)
    if found is None and judge_towers:
        found = find_too_many_sources(of_forest)
    if found is not None:
        raise InputError(source, variable="nee", expected=EXPECTED_SIGN, found=found)


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


def find_flipped_budgets(known: pd.DataFrame) -> str | None:
    """Text of the fault if reco is gpp - nee, not gpp + nee, at some tower; None if not."""
    known = known.dropna(subset=["reco"])
    residuals = pd.DataFrame(
        {
            "as_given": (known["reco"] - (known["gpp"] + known["nee"])).abs(),
            "flipped": (known["reco"] - (known["gpp"] - known["nee"])).abs(),
        }
    )
    median = residuals.groupby(known["site"]).median()
    # A tenth: partitioning leaves some residual, the wrong sign leaves twice NEE.
    flipped = (median["flipped"] < 0.1 * median["as_given"]) & (
        median["as_given"] > ROUNDING
    )
    if not flipped.any():
        return None
    sites = list_sites(median.index[flipped])
    return f"gpp - reco in the median of the years of {sites} (sign flipped)"


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


def check_closure(table: pd.DataFrame, source: str | Path) -> None:
    """Refuse site-years whose reco is not gpp + nee within `CLOSURE_TOLERANCE`."""
    residual = (table["reco"] - (table["gpp"] + table["nee"])).abs()
    bad = residual > CLOSURE_TOLERANCE
    if not bad.any():
        return
    worst = table.iloc[int(residual.argmax())]
    raise InputError(
        source,
        variable="reco",
        expected=f"gpp + nee within {CLOSURE_TOLERANCE:g} {FLUX_UNIT}, or no column",
        found=f"a difference of {residual.max():.0f} at {worst['site']} {worst['year']}"
        f" and {bad.sum()} such site-years in all",
    )
