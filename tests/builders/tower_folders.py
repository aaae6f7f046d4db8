"""Small valid inputs for tests: a folder of tower tables as a user would bring it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.core.calendars.eight_day import STEPS, step_starts
from forestflux.core.names import FOREST_TYPES
from forestflux.towers.tower_tables import read_site_years, read_sites
from tests.builders.inputs import VARIABLES

FOREST_CYCLE = ("ENF", "DBF", "EBF", "MF")
OTHER_CYCLE = ("GRA", "CRO", "WET")


def tower_folder(
    path: Path,
    *,
    forest: int = 6,
    other: int = 2,
    years: Sequence[int] = (2003, 2004),
    seed: int = 1,
    gaps: float = 0.2,
    suffix: str = "parquet",
) -> Path:
    """Write sites.csv, site_years.csv and predictors_8day; return the folder.

    Parameters
    ----------
    path : the folder, made if it is not there
    forest, other : towers of forest classes (F0, F1, ...) and of others (X0, ...)
    years : years of every tower, labelled and with predictors
    gaps : share of steps without ndvi, evi and LST
    suffix : parquet or csv
    """
    rng = np.random.default_rng(seed)
    sites = tower_sites(rng, forest, other)
    predictors = tower_predictors(sites, years, rng, gaps)
    path.mkdir(parents=True, exist_ok=True)
    sites.to_csv(path / "sites.csv", index=False)
    fluxes = tower_fluxes(sites, predictors, rng)
    fluxes.to_csv(path / "site_years.csv", index=False)
    table = path / f"predictors_8day.{suffix}"
    if suffix == "csv":
        predictors.to_csv(table, index=False)
    else:
        predictors.to_parquet(table, index=False)
    return path


def write_months(folder: Path) -> Path:
    """Write site_months.csv beside the other tables, and return the folder.

    Summer lies in July north of the equator and in January south of it; GPP follows it more
    than RECO does.
    """
    sites = pd.read_csv(folder / "sites.csv").set_index("site")
    site_years = pd.read_csv(folder / "site_years.csv")
    month = np.arange(1, 13)
    rows = []
    for one in site_years.itertuples():
        season = -np.cos(2 * np.pi * (month - 0.5) / 12)
        season = season if sites.loc[one.site, "lat"] >= 0 else -season
        gpp = one.gpp * (1 + 0.9 * season) / 12
        reco = (one.gpp + one.nee) * (1 + 0.4 * season) / 12
        rows.append(
            pd.DataFrame(
                {
                    "site": one.site,
                    "year": one.year,
                    "month": month,
                    "gpp": gpp.round(3),
                    "nee": (reco - gpp).round(3),
                }
            )
        )
    pd.concat(rows).to_csv(folder / "site_months.csv", index=False)
    return folder


# Names that a spreadsheet, a reader of numbers or a page takes for something else.
ODD_NAMES = ("007", "1e1", "NA", "None", "null", "nan", "=cmd|' /C calc'!A0", "<b>$A$")


def rename_towers(folder: Path, names: Sequence[str] = ODD_NAMES) -> None:
    """Give the towers of a folder other names, in all three tables."""
    old = pd.read_csv(folder / "sites.csv")["site"]
    new = dict(zip(old, names, strict=True))
    for path in (folder / "sites.csv", folder / "site_years.csv"):
        table = pd.read_csv(path)
        table.assign(site=table["site"].map(new)).to_csv(path, index=False)
    path = folder / "predictors_8day.parquet"
    table = pd.read_parquet(path)
    table.assign(site=table["site"].map(new)).to_parquet(path, index=False)


def read_towers(
    folder: Path, *, check_sign: bool = True
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The canonical tables of a folder: towers and site-years."""
    sites = read_sites(folder / "sites.csv")
    path = folder / "site_years.csv"
    return sites, read_site_years(path, sites, check_sign=check_sign)


def tower_sites(rng: np.random.Generator, forest: int, other: int) -> pd.DataFrame:
    """Towers ten degrees of longitude apart: up to 35 are each a cluster of its own."""
    count = forest + other
    names = [f"F{i}" for i in range(forest)] + [f"X{i}" for i in range(other)]
    classes = [FOREST_CYCLE[i % 4] for i in range(forest)]
    classes += [OTHER_CYCLE[i % 3] for i in range(other)]
    return pd.DataFrame(
        {
            "site": names,
            "lat": rng.uniform(-35, 65, count).round(3),
            "lon": -175.0 + (10.0 * np.arange(count)) % 350,
            "igbp": classes,
        }
    )


def tower_predictors(
    sites: pd.DataFrame, years: Sequence[int], rng: np.random.Generator, gaps: float
) -> pd.DataFrame:
    """Seasonal series with noise; gaps in what satellites see."""
    tables = []
    for site in sites.itertuples():
        level = rng.uniform(0.4, 0.7) if site.igbp in FOREST_TYPES else 0.35
        for year in years:
            phase = 2 * np.pi * (np.arange(STEPS) - 23) / STEPS
            season = np.cos(phase) * (1 if site.lat >= 0 else -1)
            ndvi = level + 0.2 * season + rng.normal(0, 0.02, STEPS)
            lst = 300 - 0.4 * abs(site.lat) + rng.normal(0, 1, STEPS)
            lst += 8 * season * min(1, abs(site.lat) / 30)
            table = pd.DataFrame(
                {
                    "site": site.site,
                    "date": step_starts(year).astype("datetime64[ns]"),
                    "ndvi": ndvi,
                    "evi": 0.6 * ndvi,
                    "et": np.maximum(0, 2 + 1.5 * season + rng.normal(0, 0.1, STEPS)),
                    "lst_day": lst,
                    "lst_night": lst - rng.uniform(6, 12, STEPS),
                    "precip": rng.gamma(1.0, 2.5, STEPS),
                }
            )
            hidden = rng.random(STEPS) < gaps
            table.loc[hidden, ["ndvi", "evi", "lst_day", "lst_night"]] = np.nan
            tables.append(table)
    table = pd.concat(tables, ignore_index=True)
    return table.astype(dict.fromkeys(VARIABLES, "float32"))


def tower_fluxes(
    sites: pd.DataFrame, predictors: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Annual fluxes that follow mean greenness; budgets close, forests are sinks."""
    year = predictors["date"].dt.year.rename("year")
    table = predictors.groupby(["site", year])["evi"].mean().reset_index()
    gpp = 4000 * table["evi"] + rng.normal(0, 80, len(table))
    nee = -0.2 * gpp + rng.normal(0, 40, len(table))
    return pd.DataFrame(
        {
            "site": table["site"],
            "year": table["year"],
            "gpp": gpp.round(2),
            "reco": (gpp.round(2) + nee.round(2)).round(2),
            "nee": nee.round(2),
            "nee_qc": rng.uniform(0.7, 1, len(table)).round(3),
        }
    )
