"""Plant each kind of wrong flux or place at each real tower in turn, and count what is found.

    python docs/tools/plant_flux_faults.py

The towers are a folder of tables beside the project; without it nothing is written, and the
command says so. The result is docs/data/flux_faults.csv: a row for each fault, with the towers at
which it was planted, at which a line named that tower, and the forests among them. The row
`nothing` counts towers of which a line says something although nothing is planted.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from forestflux.core.calendars.eight_day import STEPS  # noqa: E402
from forestflux.core.input_errors import InputError  # noqa: E402
from forestflux.core.names import FOREST_TYPES  # noqa: E402
from forestflux.jobs.settings.sample_settings import SampleSettings  # noqa: E402
from forestflux.prepare.doubtful_series import doubt_series  # noqa: E402
from forestflux.prepare.site_year_selection import (  # noqa: E402
    drop_reasons,
    find_series,
)
from forestflux.prepare.tower_series import TowerSeries  # noqa: E402
from forestflux.towers.tower_tables import read_site_years, read_sites  # noqa: E402
from tests.builders.paths import REAL_DATA  # noqa: E402

TOWERS = REAL_DATA / "towers"
TABLE = ROOT / "docs" / "data" / "flux_faults.csv"
VARIABLES = ("evi", "lst_day", "lst_night")
FLUXES = ["gpp", "nee", "reco"]
# A planted tower is handed in beside so many others, because it is judged alone.
COMPANIONS = 10
SETTINGS = SampleSettings()
UNITS = {
    "kgC": 1 / 1000,
    "umolCO2 m-2 s-1": 1 / 378.7,
    "gC m-2 day-1": 1 / 365,
    "tC ha-1": 1 / 100,
    "gCO2": 44 / 12,
}
# What is done to the rows of one tower; None where it changes nothing there.
Planting = Callable[[pd.DataFrame], pd.DataFrame | None]


def plantings() -> dict[str, Planting]:
    """Each fault by its name: what it makes of the site-years of a tower."""
    found: dict[str, Planting] = {}
    for unit, factor in UNITS.items():
        found[f"all fluxes in {unit}"] = scale(factor, FLUXES)
    for unit in ("kgC", "gCO2"):
        found[f"NEE alone in {unit}, no reco"] = scale(UNITS[unit], ["nee"], reco=False)
        found[f"NEE alone in {unit}, with reco"] = scale(UNITS[unit], ["nee"])
    found["NEE with the other sign, with reco"] = scale(-1, ["nee"])
    found["NEE with the other sign, no reco"] = scale(-1, ["nee"], reco=False)
    found["NEE of -999, no reco"] = fill_nee(-999)
    found["NEE of -9999.9, no reco"] = fill_nee(-9999.9)
    found["one year in gCO2"] = scale_first_year
    return found


def scale(factor: float, names: list[str], *, reco: bool = True) -> Planting:
    """Multiply some fluxes; without reco it is their sum, as where the column is absent."""

    def plant(rows: pd.DataFrame) -> pd.DataFrame:
        changed = rows.copy()
        changed[names] = changed[names] * factor
        if not reco:
            changed["reco"] = changed["gpp"] + changed["nee"]
        return changed

    return plant


def fill_nee(fill: float) -> Planting:
    """Put a fill value in place of the first year's NEE."""

    def plant(rows: pd.DataFrame) -> pd.DataFrame:
        changed = rows.copy()
        changed.loc[changed.index[0], "nee"] = fill
        return changed.assign(reco=changed["gpp"] + changed["nee"])

    return plant


def scale_first_year(rows: pd.DataFrame) -> pd.DataFrame | None:
    """Give the first of at least three years in gCO2."""
    if len(rows) < 3:
        return None
    changed = rows.copy()
    changed.loc[changed.index[0], FLUXES] *= 44 / 12
    return changed


class RealTowers:
    """The real towers, at whose doors tables with a planted fault are handed in."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        """Read the tables and the series once."""
        self.sites = pd.read_csv(folder / "sites.csv")
        self.site_years = pd.read_csv(folder / "site_years.csv")
        self.series = read_series(folder / "predictors_8day.parquet", self.sites)
        self.scratch = scratch
        self.read = read_sites(folder / "sites.csv")
        forest = self.sites["igbp"].isin(FOREST_TYPES)
        self.beside = self.sites.loc[forest, "site"].head(COMPANIONS + 1).tolist()

    def among_others(self, changed: pd.DataFrame) -> pd.DataFrame:
        """Site-years of a planted tower with those of its companions."""
        site = changed["site"].iloc[0]
        beside = [other for other in self.beside if other != site][:COMPANIONS]
        others = self.site_years[self.site_years["site"].isin(beside)]
        return pd.concat([others, changed])

    def line_of_places(self, sites: pd.DataFrame) -> str:
        """What a table of sites is refused with; empty where it is believed."""
        path = self.scratch / "sites.csv"
        sites.to_csv(path, index=False)
        try:
            read_sites(path)
        except InputError as error:
            return str(error)
        return ""

    def line_of_fluxes(self, site_years: pd.DataFrame, looked_at: set[str]) -> str:
        """What a table of site-years is refused with; empty where it is believed.

        Parameters
        ----------
        looked_at : towers whose series are looked at, too
        """
        path = self.scratch / "site_years.csv"
        site_years.to_csv(path, index=False)
        try:
            labels = read_site_years(path, self.read)
        except InputError as error:
            return str(error)
        return self.doubts(labels[labels["site"].isin(looked_at)], self.sites)

    def doubts(self, labels: pd.DataFrame, sites: pd.DataFrame) -> str:
        """All doubts about towers beside their series, as a text; empty without one."""
        table = labels.merge(sites, on="site").reset_index(drop=True)
        row = find_series(table, self.series)
        used = drop_reasons(table, row >= 0, settings=SETTINGS) == ""
        found = doubt_series(table[used], self.series.series[row[used]], VARIABLES)
        return "; ".join(" ".join(doubt) for doubt in found)

    def train(self, labels: pd.DataFrame) -> bool:
        """Whether some of these rows train."""
        good = labels["nee_qc"] >= SETTINGS.min_quality
        for name, (low, high) in SETTINGS.plausible:
            good &= labels[name].isna() | labels[name].between(low, high)
        return bool(good.any())


def read_series(path: Path, sites: pd.DataFrame) -> TowerSeries:
    """The predictors as the samples have them."""
    table = pd.read_parquet(path).sort_values(["site", "date"], ignore_index=True)
    table["year"] = pd.to_datetime(table["date"]).dt.year
    keys = table[["site", "year"]].iloc[::STEPS].reset_index(drop=True)
    values = table[list(VARIABLES)].to_numpy("float32")
    series = values.reshape(len(keys), STEPS, len(VARIABLES)).transpose(0, 2, 1)
    return TowerSeries(keys.merge(sites[["site", "lat"]], on="site"), series, VARIABLES)


def count_faults(towers: RealTowers) -> Iterator[dict]:
    """A row for each fault."""
    forest = set(towers.sites.loc[towers.sites["igbp"].isin(FOREST_TYPES), "site"])
    names = set(towers.sites["site"])
    lines = towers.line_of_places(towers.sites) + towers.line_of_fluxes(
        towers.site_years, names
    )
    yield row("nothing", names, {site for site in names if site in lines}, forest)
    for name, plant in plantings().items():
        planted, found = set(), set()
        for site, rows in towers.site_years.groupby("site"):
            changed = plant(rows)
            if changed is None or not towers.train(changed):
                continue  # what does not train does no harm
            planted.add(site)
            if site in towers.line_of_fluxes(towers.among_others(changed), {site}):
                found.add(site)
        yield row(name, planted, found, forest)
    yield from count_exchanged(towers, forest)


def count_exchanged(towers: RealTowers, forest: set[str]) -> Iterator[dict]:
    """Latitude and longitude exchanged at each tower where both are possible."""
    sites = towers.sites[towers.sites["lon"].abs() <= 90]
    swapped = sites.assign(lat=sites["lon"], lon=sites["lat"])
    by_code = set()
    for site in sites["site"]:
        others = towers.sites[towers.sites["site"].isin({*towers.beside} - {site})]
        table = pd.concat([others, swapped[swapped["site"] == site]])
        if site in towers.line_of_places(table):
            by_code.add(site)
    labels = towers.site_years[towers.site_years["site"].isin(sites["site"])]
    doubts = towers.doubts(labels, swapped)
    by_series = {site for site in sites["site"] if site in doubts}
    names = set(sites["site"])
    name = "lat and lon exchanged, by the"
    yield row(f"{name} country's code or the sea", names, by_code, forest)
    yield row(f"{name} series alone", names, by_series, forest)


def row(name: str, planted: set[str], found: set[str], forest: set[str]) -> dict:
    """Counts of a fault."""
    return {
        "fault": name,
        "towers": len(planted),
        "named": len(found),
        "forests": len(planted & forest),
        "forests_named": len(found & forest),
    }


def main() -> None:
    """Write the table, or say that there are no real towers."""
    if not TOWERS.is_dir():
        sys.exit(f"nothing written: the folder of real towers is not here: {TOWERS}")
    with TemporaryDirectory() as scratch:
        rows = list(count_faults(RealTowers(TOWERS, Path(scratch))))
    pd.DataFrame(rows).to_csv(TABLE, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
