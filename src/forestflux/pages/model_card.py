"""The model card: data, folds, scores, coverage, where not to use the model, its bias."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.core.names import FOREST_TYPES, NETWORK, TARGET_FLUXES
from forestflux.core.reading.plain_text import escape_markdown

ASSETS = ("model_card.md",)  # read by `forestflux.jobs.code_checksum` as well
SPLIT_WORDS = {
    "site": "towers never seen",
    "cluster": "towers never seen, nor any near them",
    "holdout": "towers kept out of everything",
}


def model_card(
    record: dict,
    samples: pd.DataFrame,
    scores: pd.DataFrame,
    calibration: pd.DataFrame,
    interannual: pd.DataFrame,
    *,
    min_quality: float,
    folds: int,
) -> str:
    """The model card in Markdown.

    Parameters
    ----------
    record : content of `model.json`
    samples : `samples/samples.csv`
    scores, calibration, interannual : tables of the stage evaluate
    min_quality : `nee_qc` from which rows are scored
    folds : outer folds of each split
    """
    meta = record["metadata"]
    used = samples[samples["used"] & ~samples["holdout"]]
    unseen = [name for name in FOREST_TYPES if name not in set(used["igbp"])]
    warning = "**Learnt on a simulated planet, not on the Earth.**\n\n"
    return (
        Path(__file__)
        .with_name(*ASSETS)
        .read_text()
        .format(
            run=meta["run"],
            planet=warning if meta["source"] == "simulated" else "",
            unit=record["flux_unit"],
            inputs=", ".join(
                f"{name} ({record['units'][name]})" for name in record["variables"]
            ),
            members=len(record["members"]),
            site_years=meta["site_years"],
            sites=meta["sites"],
            first=used["year"].min(),
            last=used["year"].max(),
            forest_rows=int(used["forest"].sum()),
            source=meta["source"],
            holdout=", ".join(map(escape_markdown, meta["holdout"])) or "none",
            samples=meta["samples"]["samples"],
            checksum=record["seal"],
            data=data_table(used),
            unseen=", ".join(unseen) or "none",
            folds=folds,
            min_quality=min_quality,
            scores=score_table(scores),
            coverage=coverage_table(calibration),
            response=response_table(record),
            interannual=interannual_table(interannual),
            threshold=record["applicability"]["threshold"],
        )
    )


def data_table(used: pd.DataFrame) -> str:
    """Towers, site-years and latitudes of each forest type that was learnt from."""
    rows = [
        (
            name,
            str(part["site"].nunique()),
            str(len(part)),
            f"{part['lat'].min():.0f} to {part['lat'].max():.0f}",
        )
        for name in FOREST_TYPES
        if len(part := used[used["igbp"] == name])
    ]
    return markdown_table(
        ("forest type", "towers", "site-years", "degrees north"), rows
    )


def score_table(scores: pd.DataFrame) -> str:
    """Scores of the network by split and subset; the random split is left out: it flatters."""
    own = select_network(scores)
    own = own[own["target"] != "reco"]
    rows = [
        (
            SPLIT_WORDS[row["split"]],
            row["subset"],
            row["target"].upper(),
            str(row["n"]),
            format_number(row["r2"], 2),
            format_number(row["rmse"], 0),
            format_number(row["bias"], 0),
        )
        for row in own.to_dict("records")
    ]
    head = ("split", "rows", "flux", "site-years", "R2", "RMSE", "bias")
    return markdown_table(head, rows)


def response_table(record: dict) -> str:
    """What a usual departure of each input changes in GPP and NEE.

    The arrays of the response are in the order of `variables`; the other fields that have a
    value for each input are found by its name, because a JSON file sorts them.
    """
    response = record["response"]
    if response is None:
        return "None: the networks' estimate of each year is taken as it is."
    members = np.array(response["members"])
    several = len(members) > 1
    spread = members.std(axis=0, ddof=1) if several else np.full(members.shape[1:], 0)
    rows = [
        (
            name,
            f"{response['scale'][position]:.3g} {record['units'][name]}",
            *(
                f"{response['coefficients'][target][position]:+.0f}"
                + (f" ± {spread[target][position]:.0f}" if several else "")
                for target in range(len(TARGET_FLUXES))
            ),
        )
        for position, name in enumerate(record["variables"])
    ]
    return markdown_table(
        ("input", "departure", *(flux.upper() for flux in TARGET_FLUXES)), rows
    )


def interannual_table(interannual: pd.DataFrame) -> str:
    """Skill in time of the response, at all scored sites and by forest type."""
    own = interannual[interannual["form"] == "response"]
    own = select_network(own)
    rows = [
        (
            SPLIT_WORDS[row["split"]],
            row["subset"],
            row["target"].upper(),
            str(row["n"]),
            str(row["n_sites"]),
            format_number(row["r2"], 2),
            f"{format_number(row['r2_lower'], 2)} to {format_number(row['r2_upper'], 2)}",
            format_number(row["slope"], 2),
        )
        for row in own.to_dict("records")
    ]
    head = ["split", "rows", "flux", "site-years", "sites", "R2", "95 % over sites"]
    return markdown_table([*head, "slope"], rows)


def coverage_table(calibration: pd.DataFrame) -> str:
    """Share of unseen site-years inside their interval."""
    own = select_network(calibration)
    rows = [
        (
            SPLIT_WORDS[row["split"]],
            row["subset"],
            row["target"].upper(),
            str(row["n"]),
            f"{row['nominal']:.0%}",
            f"{row['covered']:.0%}",
            f"{row['covered_lower']:.0%} to {row['covered_upper']:.0%}",
            f"{row['covered_site_mean']:.0%}",
            format_number(row["mean_width"], 0),
        )
        for row in own.to_dict("records")
    ]
    head = ["split", "rows", "flux", "site-years", "nominal", "inside"]
    head += ["95 % over sites", "each site once", "mean width"]
    return markdown_table(head, rows)


def select_network(scored: pd.DataFrame) -> pd.DataFrame:
    """Rows of the network in the splits and subsets that the card shows."""
    own = scored[(scored["model"] == NETWORK) & scored["split"].isin(SPLIT_WORDS)]
    return own[own["subset"].str.match("all|igbp=|applicable=|gap_fifth=")]


def format_number(value: float, digits: int) -> str:
    """A number, or a dash where a score is not defined."""
    return "-" if pd.isna(value) else f"{value:.{digits}f}"


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
