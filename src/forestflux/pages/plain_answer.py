"""The answer of a run in plain words: how much, how sure, what changed, on what evidence.

Report, explorer and the start of the documentation show the same statements.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from forestflux.change.change_schemas import REGION_CHANGES, REGIONS
from forestflux.core.interval_text import write_interval
from forestflux.core.names import NETWORK, TARGET_FLUXES, TOTAL_UNIT
from forestflux.evaluation.evaluation_schemas import INTERANNUAL, SCORES
from forestflux.evaluation.evidence import describe_evidence

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
    tables: Mapping[str, Path], *, members: int, simulated: bool
) -> list[Statement]:
    """What a run says.

    Parameters
    ----------
    tables : CSV files by name: `interannual`, with maps `regions` and `region_changes`,
        without them `scores`
    members : of the ensemble
    simulated : whether the planet is not the Earth

    Raises
    ------
    InputError : a table is missing or not as its job wrote it
    """
    interannual = INTERANNUAL.read_file(tables["interannual"], empty=True)
    if "regions" not in tables:
        scores = SCORES.read_file(tables["scores"])
        return answer_without_maps(scores, interannual, members=members)
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
    changes = changes[changes["kind"] == "all"]
    pair = (int(changes["first_year"].iloc[0]), int(changes["second_year"].iloc[0]))
    now = regions[(regions["kind"] == "all") & (regions["year"] == pair[1])]
    level = now["level"].iloc[0]
    gpp, nee = (write_flux(now, flux, "total") for flux in TARGET_FLUXES)
    area = float(now["area"].iloc[0]) * 1e-12
    planet = "of this simulated planet" if simulated else "on the map"
    return [
        Statement(
            "How much",
            f"In {pair[1]} the {area:.1f} million km2 of forest {planet} took up {gpp}"
            f" {TOTAL_UNIT} by photosynthesis (GPP). The balance with the air (NEE) was"
            f" {nee} {TOTAL_UNIT}; negative is uptake by the forest.",
        ),
        Statement(
            "How sure",
            f"Brackets hold {100 * level:g} % intervals of the errors at towers that no"
            " network had seen. Most of such an error moves all years alike.",
        ),
        Statement("What changed", describe_change(changes, pair)),
        Statement(
            "How much of that is evidence",
            describe_evidence(interannual, members=members, pair=changes),
        ),
        Statement("What not to conclude", name_limits(simulated=simulated)),
    ]


def answer_without_maps(
    scores: pd.DataFrame, interannual: pd.DataFrame, *, members: int
) -> list[Statement]:
    """What a run on towers alone says.

    Parameters
    ----------
    scores, interannual : tables of the stage evaluate
    members : of the ensemble
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
        Statement("How much", "This run has no maps: it estimates towers alone."),
        Statement(
            "How sure",
            f"At {sites} towers that it had not seen the network reaches"
            f" {skill or 'no score'}.",
        ),
        Statement(
            "How much of a change is evidence",
            describe_evidence(interannual, members=members),
        ),
        Statement("What not to conclude", name_limits(simulated=False)),
    ]


def describe_change(changes: pd.DataFrame, pair: tuple[int, int]) -> str:
    """Change of the pair and slope of each flux, and whether it may be none."""
    parts = []
    for flux in reversed(TARGET_FLUXES):
        row = changes[changes["variable"] == flux].iloc[0]
        clear = row["change_lower"] > 0 or row["change_upper"] < 0
        words = "more than its error" if clear else "which may be none"
        change = write_flux(changes, flux, "change", plus=True)
        parts.append(f"{flux.upper()} by {change} {TOTAL_UNIT}, {words}")
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
