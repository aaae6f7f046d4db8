"""The answer of a run in plain words: how much, how sure, what changed, on what evidence.

Report, explorer and the start of the documentation show the same statements.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from forestflux.change.change_schemas import REGION_CHANGES, REGIONS
from forestflux.core.interval_text import write_interval
from forestflux.core.names import NETWORK, TARGET_FLUXES
from forestflux.core.total_units import TotalUnit, describe_area
from forestflux.evaluation.evaluation_schemas import INTERANNUAL, SCORES
from forestflux.evaluation.evidence import describe_evidence
from forestflux.pages.shown_totals import choose_run_unit, scale_totals

ENDS = ("", "_lower", "_upper")


@dataclass(frozen=True)
class Statement:
    """A part of the answer.

    Attributes
    ----------
    lead : the question, two or three words
    text : what the run says to it
    """

    lead: str
    text: str


def answer_run(
    tables: Mapping[str, Path],
    *,
    members: int,
    simulated: bool,
    mapped_years: Sequence[int],
) -> list[Statement]:
    """What a run says.

    Parameters
    ----------
    tables : CSV files by name: `interannual`, with maps of two years or more `regions` and
        `region_changes`, else `scores`
    members : of the ensemble
    simulated : whether the planet is not the Earth
    mapped_years : none for a run of towers alone

    Raises
    ------
    InputError : a table is missing or not as its job wrote it
    """
    interannual = INTERANNUAL.read_file(tables["interannual"], empty=True)
    if "regions" not in tables:
        scores = SCORES.read_file(tables["scores"])
        return answer_without_change(
            scores,
            interannual,
            members=members,
            simulated=simulated,
            mapped_years=mapped_years,
        )
    return answer_with_maps(
        REGIONS.read_file(tables["regions"]),
        REGION_CHANGES.read_file(tables["region_changes"]),
        interannual,
        members=members,
        simulated=simulated,
    )


def answer_with_maps(
    regions: pd.DataFrame,
    changes: pd.DataFrame,
    interannual: pd.DataFrame,
    *,
    members: int,
    simulated: bool,
) -> list[Statement]:
    """What a run with maps says of all forests.

    Parameters
    ----------
    regions, changes, interannual : tables of those names
    members : of the ensemble
    simulated : whether the planet is not the Earth
    """
    unit = choose_run_unit(regions)
    regions = scale_totals(regions, REGIONS, unit)
    changes = scale_totals(changes[changes["kind"] == "all"], REGION_CHANGES, unit)
    pair = (int(changes["first_year"].iloc[0]), int(changes["second_year"].iloc[0]))
    now = regions[(regions["kind"] == "all") & (regions["year"] == pair[1])]
    level = now["level"].iloc[0]
    gpp, nee = (write_flux(now, flux, "total") for flux in TARGET_FLUXES)
    area = describe_area(float(now["area"].iloc[0]))
    planet = "of this simulated planet" if simulated else "on the map"
    return [
        Statement(
            "How much",
            f"In {pair[1]} the {area} of forest {planet} took up {gpp}"
            f" {unit.total} by photosynthesis (GPP). The balance with the air (NEE) was"
            f" {nee} {unit.total}; negative is uptake by the forest.",
        ),
        Statement(
            "How sure",
            f"Brackets hold {100 * level:g} % intervals of the errors at towers that no"
            " network had seen. Most of such an error moves all years alike.",
        ),
        Statement("What changed", describe_change(changes, pair, unit=unit)),
        Statement(
            "How much of that is evidence",
            describe_evidence(interannual, members=members, pair=changes, unit=unit),
        ),
        Statement("What not to conclude", name_limits(simulated=simulated)),
    ]


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
        Statement(
            "How sure",
            f"At {sites} towers that it had not seen the network reaches"
            f" {skill or 'no score'}.",
        ),
        Statement(
            "How much of a change is evidence",
            describe_evidence(interannual, members=members),
        ),
        Statement("What not to conclude", name_limits(simulated=simulated)),
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
    """Change of the pair and slope of each flux, and whether it may be none."""
    parts = []
    for flux in reversed(TARGET_FLUXES):
        row = changes[changes["variable"] == flux].iloc[0]
        clear = row["change_lower"] > 0 or row["change_upper"] < 0
        words = "more than its error" if clear else "which may be none"
        change = write_flux(changes, flux, "change", plus=True)
        parts.append(f"{flux.upper()} by {change} {unit.total}, {words}")
    return f"From {pair[0]} to {pair[1]}: {'; '.join(parts)}."


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
