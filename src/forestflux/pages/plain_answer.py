"""The answer of a run in plain words: the answer in short, what it is not, and the rest.

Report, explorer and the start of the documentation show the same statements.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from forestflux.change.change_schemas import REGION_CHANGES, REGIONS
from forestflux.core.interval_text import set_units, write_interval
from forestflux.core.names import FLUXES, NETWORK, TARGET_FLUXES
from forestflux.core.total_units import TotalUnit, describe_area
from forestflux.evaluation.evaluation_schemas import (
    COVERAGE,
    INTERANNUAL,
    RECOVERY,
    SCORES,
)
from forestflux.evaluation.evidence import describe_evidence
from forestflux.evaluation.known_truth import describe_coverage, describe_sink
from forestflux.pages.shown_totals import choose_run_unit, scale_totals

ENDS = ("", "_lower", "_upper")


@dataclass(frozen=True)
class Statement:
    """A part of the answer.

    Attributes
    ----------
    lead : the question, two or three words
    text : what the run says to it
    section : key of the section of the report that says more, where there is one
    """

    lead: str
    text: str
    section: str | None = None


def answer_run(
    tables: Mapping[str, Path],
    *,
    members: int,
    simulated: bool,
    mapped_years: Sequence[int],
) -> list[Statement]:
    """What a run says: first the answer in short, then what not to conclude, then the rest.

    Parameters
    ----------
    tables : CSV files by name: `interannual`, with maps of two years or more `regions` and
        `region_changes`, else `scores`; `recovery` and `coverage` where the truth is known
    members : of the ensemble
    simulated : whether the planet is not the Earth
    mapped_years : none for a run of towers alone

    Raises
    ------
    InputError : a table is missing or not as its job wrote it
    """
    interannual = INTERANNUAL.read_file(tables["interannual"], empty=True)
    if "regions" in tables:
        statements = answer_with_maps(
            REGIONS.read_file(tables["regions"]),
            REGION_CHANGES.read_file(tables["region_changes"]),
            interannual,
            members=members,
            simulated=simulated,
            truth=read_known_truth(tables),
        )
    else:
        statements = answer_without_change(
            SCORES.read_file(tables["scores"]),
            interannual,
            members=members,
            simulated=simulated,
            mapped_years=mapped_years,
        )
    return [Statement(one.lead, set_units(one.text), one.section) for one in statements]


def read_known_truth(
    tables: Mapping[str, Path],
) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Recovery and coverage of a simulated planet; None where the truth is not known."""
    if "recovery" not in tables:
        return None
    recovery = RECOVERY.read_file(tables["recovery"])
    return recovery, COVERAGE.read_file(tables["coverage"])


def answer_with_maps(
    regions: pd.DataFrame,
    changes: pd.DataFrame,
    interannual: pd.DataFrame,
    *,
    members: int,
    simulated: bool,
    truth: tuple[pd.DataFrame, pd.DataFrame] | None = None,
) -> list[Statement]:
    """What a run with maps says of all forests.

    Parameters
    ----------
    regions, changes, interannual : tables of those names
    members : of the ensemble
    simulated : whether the planet is not the Earth
    truth : tables `recovery` and `coverage`, where the truth is known
    """
    unit = choose_run_unit(regions)
    regions = scale_totals(regions, REGIONS, unit)
    changes = scale_totals(changes[changes["kind"] == "all"], REGION_CHANGES, unit)
    pair = (int(changes["first_year"].iloc[0]), int(changes["second_year"].iloc[0]))
    now = regions[(regions["kind"] == "all") & (regions["year"] == pair[1])]
    level = f"{100 * now['level'].iloc[0]:g} %"
    area = describe_area(float(now["area"].iloc[0]))
    totals = [f"{flux.upper()} {write_flux(now, flux, 'total')}" for flux in FLUXES]
    return [
        Statement(
            "In short", shorten(now, changes, pair, simulated=simulated, unit=unit)
        ),
        Statement("What not to conclude", name_limits(simulated=simulated)),
        Statement(
            "How much",
            f"Of {area} of forest in {pair[1]}: {', '.join(totals)} {unit.total}. GPP is"
            " what photosynthesis takes up, RECO what respiration gives back, NEE = RECO -"
            " GPP.",
        ),
        Statement(
            "How sure",
            f"Brackets hold {level} intervals, from the errors at"
            f" {'simulated ' if simulated else ''}towers that no network had seen. Most of"
            " such an error shifts all years up or down together."
            + describe_truth(truth, pair[1]),
            "recovery" if truth else None,
        ),
        Statement("What changed", describe_change(changes, pair, unit=unit)),
        Statement(
            "How much of that is evidence",
            describe_evidence(
                interannual,
                members=members,
                simulated=simulated,
                pair=changes,
                unit=unit,
            ),
        ),
    ]


def shorten(
    now: pd.DataFrame,
    changes: pd.DataFrame,
    pair: tuple[int, int],
    *,
    simulated: bool,
    unit: TotalUnit,
) -> str:
    """The answer in one sentence: NEE of the second year, and whether it changed."""
    planet = "on this simulated planet" if simulated else "on the map"
    row = changes[changes["variable"] == "nee"].iloc[0]
    if row["change_upper"] < 0:
        words = "is more uptake, beyond its error"
    elif row["change_lower"] > 0:
        words = "is less uptake, beyond its error"
    else:
        words = "does not exceed its error"
    return (
        f"In {pair[1]} the balance of all forest {planet} with the air (NEE) was"
        f" {write_flux(now, 'nee', 'total')} {unit.total}, negative meaning uptake; its"
        f" change since {pair[0]} {words}."
    )


def describe_truth(truth: tuple[pd.DataFrame, pd.DataFrame] | None, year: int) -> str:
    """What is known of the errors of a map whose truth is known; empty for others."""
    if truth is None:
        return ""
    recovery, coverage = truth
    words = (describe_coverage(coverage), describe_sink(recovery, year))
    return "".join(f" {each}" for each in words if each)


def answer_without_change(
    scores: pd.DataFrame,
    interannual: pd.DataFrame,
    *,
    members: int,
    simulated: bool,
    mapped_years: Sequence[int],
) -> list[Statement]:
    """What a run on towers alone says, or one that maps a single year.

    Parameters
    ----------
    scores, interannual : tables of the stage evaluate
    members : of the ensemble
    simulated : whether the planet is not the Earth
    mapped_years : none for a run of towers alone
    """
    rows = scores[
        (scores["model"] == NETWORK)
        & (scores["split"] == "site")
        & (scores["subset"] == "all")
        & scores["target"].isin(TARGET_FLUXES)
    ]
    skill = " and ".join(
        f"R2 {row.r2:.2f} for {str(row.target).upper()}" for row in rows.itertuples()
    )
    sites = f"{rows['n_sites'].max():.0f}" if len(rows) else "no"
    return [
        Statement("How much", describe_maps(mapped_years)),
        Statement("What not to conclude", name_limits(simulated=simulated)),
        Statement(
            "How sure",
            f"At {sites}{' simulated' if simulated else ''} towers that it had not seen"
            f" the network reaches {skill or 'no score'}.",
        ),
        Statement(
            "How much of a change is evidence",
            describe_evidence(interannual, members=members, simulated=simulated),
        ),
    ]


def describe_maps(years: Sequence[int]) -> str:
    """What a run without a change has for maps."""
    if not years:
        return "This run has no maps: it estimates towers alone."
    listed = ", ".join(map(str, years))
    return (
        f"This run maps {listed}: its maps with their intervals are in products/. Totals of"
        " regions and a change come with a second year."
    )


def describe_change(
    changes: pd.DataFrame, pair: tuple[int, int], *, unit: TotalUnit
) -> str:
    """Change of the pair of each flux, and which of them exceed their error."""
    parts, clear = [], []
    for flux in FLUXES:
        row = changes[changes["variable"] == flux].iloc[0]
        if row["change_lower"] > 0 or row["change_upper"] < 0:
            clear.append(flux.upper())
        parts.append(f"{flux.upper()} {write_flux(changes, flux, 'change', plus=True)}")
    if len(clear) == len(FLUXES):
        told = "Each exceeds its error"
    elif clear:
        told = f"Only {' and '.join(clear)} changed by more than the error"
    else:
        told = "Every interval includes zero, so neither a rise nor a fall is shown"
    return f"From {pair[0]} to {pair[1]}: {', '.join(parts)} {unit.total}. {told}."


def write_flux(rows: pd.DataFrame, flux: str, name: str, *, plus: bool = False) -> str:
    """A number of the row of a flux with its interval."""
    row = rows[rows["variable"] == flux].iloc[0]
    value, lower, upper = (float(row[name + end]) for end in ENDS)
    return write_interval(value, lower, upper, plus=plus)


def name_limits(*, simulated: bool) -> str:
    """What nobody should take from the numbers."""
    planet = "Nothing here is a finding about the Earth. " if simulated else ""
    return (
        f"{planet}The sink is no carbon budget: it is learnt at towers in growing forests,"
        " without fire, harvest or age. Rising CO2 is no input. Two single years differ"
        " mostly by weather. Outside the area of applicability nothing is promised."
    )
