"""What a click shows of a tower: its site-years, their series, what drove an estimate."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from forestflux.core.names import FOREST_TYPES, NETWORK
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.pages.explorer.cell_details import pack_reasons, pack_series
from forestflux.prepare.sample_table import Samples

OBSERVED = ("gpp", "reco", "nee", "nee_qc")
ESTIMATED = (
    *("gpp_pred", "nee_pred", "gpp_lower", "gpp_upper", "nee_lower", "nee_upper"),
    "dissimilarity",
)


def describe_towers(table: pd.DataFrame, predictions: pd.DataFrame) -> list[dict]:
    """One record per tower with its site-years, as the tables of the run hold them.

    Parameters
    ----------
    table : `samples/samples.csv`, used and dropped rows
    predictions : `evaluate/predictions.csv`

    Returns
    -------
    site, lat, lon, igbp, forest, and `years`: observed fluxes, the network's estimate by
    a fold that had not seen the site (absent where it was not scored), and `series`, the position
    of the series among the used rows, or None
    """
    by_network = predictions["model"] == NETWORK
    unseen = predictions[by_network & predictions["split"].isin(["site", "holdout"])]
    unseen = unseen.set_index(["site", "year"])[[*ESTIMATED, "applicable"]]
    series = np.where(table["used"], table["used"].cumsum() - 1, -1)
    records = []
    for site, rows in table.assign(series=series).groupby("site", sort=True):
        first = rows.iloc[0]
        # Whole degrees come from the table as integers, which JSON does not take.
        record: dict[str, Any] = {name: float(first[name]) for name in ("lat", "lon")}
        record |= {"site": site, "igbp": first["igbp"]}
        record["forest"] = bool(first["forest"])
        record["holdout"] = bool(first["holdout"])
        record["years"] = [
            describe_site_year(row, unseen)
            for row in rows.sort_values("year").to_dict("records")
        ]
        records.append(record)
    return records


def describe_site_year(
    row: Mapping[Hashable, Any], unseen: pd.DataFrame
) -> dict[str, object]:
    """One site-year of a tower as plain numbers, truth values and text."""
    record: dict[str, object] = {"year": int(row["year"]), "used": bool(row["used"])}
    record["reason"] = row["reason"]
    record |= {name: round_number(row[name]) for name in OBSERVED}
    record["series"] = int(row["series"]) if row["series"] >= 0 else None
    key = (row["site"], row["year"])
    if key in unseen.index:
        estimate = unseen.loc[key]
        record |= {name: round_number(estimate[name]) for name in ESTIMATED}
        record["applicable"] = estimate["applicable"]
    return record


def round_number(value: float) -> float | None:
    """A number with three decimals; None where there is none."""
    return round(float(value), 3) if np.isfinite(value) else None


def pack_tower_details(samples: Samples, model: Ensemble) -> dict[str, object]:
    """Series of all used site-years, and the reasons of each forest tower's last year."""
    table = samples.table
    forest = table["igbp"].isin(FOREST_TYPES).to_numpy()
    last = table[forest].groupby("site")["year"].idxmax().sort_values()
    part = samples.take(last.to_numpy())
    lat = part.table["lat"].to_numpy(float)
    return {
        "series": pack_series(samples.series),
        "reasons": pack_reasons(
            model, part.series, lat=lat, igbp=list(part.table["igbp"])
        ),
        "reasons_of": part.table[["site", "year"]].to_dict("records"),
    }
