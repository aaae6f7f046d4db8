"""Small samples with months: a season that the series show, on both hemispheres."""

import numpy as np
import pandas as pd

from forestflux.core.calendars.months import MONTHS
from forestflux.prepare.sample_table import Samples
from tests.builders.small_training import make_samples

# Row of NDVI among the variables, and steps of a year.
NDVI, STEPS = 0, 46


def build_season_samples(*, seed: int, count: int = 72) -> tuple[Samples, np.ndarray]:
    """Samples and their GPP and RECO of each month (sample, flux, month), gC m-2 month-1.

    NDVI has the course of GPP, whose peak is in one of three months of summer; a tower lies
    north or south of the equator. Some rows have no months.
    """
    rng = np.random.default_rng(seed)
    samples = make_samples(count, seed=seed)
    site = np.arange(count) // 3
    lat = np.where(site % 3 == 2, -40.0, 50.0)
    peak = rng.uniform(-1.0, 1.0, count) + np.where(lat < 0, 0.5, 6.5)
    step = MONTHS * (np.arange(STEPS) + 0.5) / STEPS
    month = np.arange(MONTHS) + 0.5
    series = samples.series.copy()
    hidden = np.isnan(series[:, NDVI])
    series[:, NDVI] = 0.1 + 0.8 * course(step, peak) + rng.normal(0, 0.02, hidden.shape)
    series[:, NDVI][hidden] = np.nan
    table = samples.table.assign(lat=lat)
    gpp = 0.02 + course(month, peak)
    reco = 0.4 + 0.6 * course(month, peak)
    months = np.stack(
        [
            table[flux].to_numpy()[:, None] * one / one.sum(axis=1, keepdims=True)
            for flux, one in (("gpp", gpp), ("reco", reco))
        ],
        axis=1,
    )
    months[5::11] = np.nan
    return Samples(series.astype("float32"), table, samples.variables), months


def course(time: np.ndarray, peak: np.ndarray) -> np.ndarray:
    """A bump of the year (sample, time), 0-1, around a peak (sample,), both in months."""
    return np.exp(3 * (np.cos(2 * np.pi * (time - peak[:, None]) / MONTHS) - 1))


def list_site_months(table: pd.DataFrame, months: np.ndarray) -> pd.DataFrame:
    """The table `SITE_MONTHS` of the rows that have months."""
    rows = []
    for (site, year), (gpp, reco) in zip(
        table[["site", "year"]].itertuples(index=False), months, strict=True
    ):
        if np.isfinite(gpp).all():
            rows.append(
                pd.DataFrame(
                    {
                        "site": site,
                        "year": year,
                        "month": np.arange(1, MONTHS + 1),
                        "gpp": gpp,
                        "reco": reco,
                        "nee": reco - gpp,
                    }
                )
            )
    return pd.concat(rows, ignore_index=True)
