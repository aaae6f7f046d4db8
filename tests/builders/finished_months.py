"""Made-up tables of the months of a finished run; no science."""

from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.change.month_zones import MONTH_ZONES
from forestflux.evaluation.months.month_schemas import MONTH_PREDICTIONS
from forestflux.jobs.tables import write_table

MONTH = np.arange(1, 13)


def build_months(path: Path, samples: pd.DataFrame, *, maps: bool) -> None:
    """Write months/predictions.csv, and months/zones.csv of a run with maps."""
    used = samples[samples["used"] & samples["forest"]]
    parts = [
        months_of(row, model, split)
        for row in used.itertuples()
        for model in ("cnn", "mean_season", "extra_trees")
        for split in ("site", "cluster")
    ]
    write_table(
        pd.concat(parts, ignore_index=True)[MONTH_PREDICTIONS.names],
        path / "predictions.csv",
    )
    if maps:
        write_table(build_zones(), path / "zones.csv")


def months_of(row: object, model: str, split: str) -> pd.DataFrame:
    """Twelve months of a site-year: a wave whose height the models miss by a little."""
    wave = -np.cos(2 * np.pi * (MONTH - 0.5) / 12) * np.sign(row.lat)
    height = {"cnn": 0.75, "mean_season": 0.5, "extra_trees": 0.7}[model]
    table = pd.DataFrame({"month": MONTH, "site": row.site, "year": row.year})
    for side, amount in (("obs", 0.8), ("pred", height)):
        table[f"gpp_{side}"] = row.gpp * (1 + amount * wave) / 12
        table[f"reco_{side}"] = row.reco * (1 + 0.5 * amount * wave) / 12
        table[f"nee_{side}"] = table[f"reco_{side}"] - table[f"gpp_{side}"]
    return table.assign(
        model=model,
        split=split,
        fold=0,
        igbp=row.igbp,
        lat=row.lat,
        nee_qc=row.nee_qc,
    )


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
