"""Made-up tables of the months of a finished run; no science."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.change.change_schemas import MONTH_REGIONS, REGIONS
from forestflux.change.month_zones import MONTH_ZONES
from forestflux.evaluation.months.month_schemas import MONTH_PREDICTIONS
from forestflux.jobs.tables import write_table

MONTH = np.arange(1, 13)
# Years that have months of regions.
SEASON_YEARS = (2003, 2017, 2018)
# Height of the wave of each model; that of the towers is 0.8.
HEIGHT = {"cnn": 0.75, "mean_season": 0.5, "extra_trees": 0.7}


def build_months(path: Path, samples: pd.DataFrame, *, maps: bool) -> None:
    """Write months/predictions.csv, and months/zones.csv of a run with maps."""
    used = samples[samples["used"] & samples["forest"]]
    parts = product(HEIGHT, ("site", "cluster"))
    months = pd.concat(
        [predict_months(used, model, split) for model, split in parts],
        ignore_index=True,
    )
    write_table(months[MONTH_PREDICTIONS.names], path / "predictions.csv")
    if maps:
        write_table(build_zones(), path / "zones.csv")


def predict_months(years: pd.DataFrame, model: str, split: str) -> pd.DataFrame:
    """Twelve months of each site-year: a wave whose height the models miss by a little."""
    rows = years.loc[years.index.repeat(12)].reset_index(drop=True)
    rows["month"] = np.tile(MONTH, len(years))
    wave = -np.cos(2 * np.pi * (rows["month"] - 0.5) / 12) * np.sign(rows["lat"])
    for side, amount in (("obs", 0.8), ("pred", HEIGHT[model])):
        rows[f"gpp_{side}"] = rows["gpp"] * (1 + amount * wave) / 12
        rows[f"reco_{side}"] = rows["reco"] * (1 + 0.5 * amount * wave) / 12
        rows[f"nee_{side}"] = rows[f"reco_{side}"] - rows[f"gpp_{side}"]
    return rows.assign(model=model, split=split, fold=0)


def build_zones() -> pd.DataFrame:
    """Table of `months/zones.csv`: a season that grows with latitude; one zone has no forest."""
    latitudes = np.array([-30.0, -20.0, -10.0, 0.0, 10.0, 30.0, 40.0, 50.0, 60.0])
    latitude, month = (grid.ravel() for grid in np.meshgrid(latitudes, MONTH))
    wave = -np.cos(2 * np.pi * (month - 0.5) / 12) * latitude / 60
    table = pd.DataFrame({"latitude": latitude, "month": month, "forest_area": 1e12})
    table["gpp"] = 120 * (1 + 0.9 * wave)
    table["reco"] = 100 * (1 + 0.5 * wave)
    table["nee"] = table["reco"] - table["gpp"]
    return table[MONTH_ZONES.names]


def build_region_months(results: Path) -> None:
    """Write months/region_months.csv: a wave with its peak in July in each year of three."""
    regions = REGIONS.read(results)
    chosen = regions["year"].isin(SEASON_YEARS) & (regions["kind"] != "forest_change")
    years = regions[chosen]
    rows = years.loc[years.index.repeat(len(MONTH))].reset_index(drop=True)
    rows["month"] = np.tile(MONTH, len(years))
    amount = {"gpp": -0.9, "reco": -0.5, "nee": 0.0}
    height = rows["variable"].map(amount).to_numpy()
    share = (1 + height * np.cos(2 * np.pi * (rows["month"] - 1) / 12)) / 12
    for name in ("mean", "total"):
        rows[name] *= share
        wide = rows.pivot_table(
            index=["year", "kind", "stratum", "month"], columns="variable", values=name
        )
        nee = (wide["reco"] - wide["gpp"]).rename("own")
        keys = rows[nee.index.names]
        own = pd.MultiIndex.from_frame(keys).map(nee.to_dict())
        rows[name] = np.where(rows["variable"] == "nee", own, rows[name])
    MONTH_REGIONS.write(rows[MONTH_REGIONS.names], results / MONTH_REGIONS.path)
