"""The simulated towers: where they stand and what they measured."""

import numpy as np
import pandas as pd

from forestflux.jobs.settings.source_settings import PlanetSettings, UnseenSettings
from forestflux.sources.simulated.carbon import carbon_year
from forestflux.sources.simulated.noise import hashed, normal, uniform
from forestflux.sources.simulated.tower_sites import TOWERS
from forestflux.sources.simulated.vegetation import CLASS_TYPES, Cells, cells_of_kind

# Years of measurement of a tower, least and most.
RECORD_YEARS = (3, 12)

BAD_SHARE = 0.08
GPP_ERROR_SHARE = 0.06
NEE_ERROR = 40.0


def simulated_sites() -> pd.DataFrame:
    """The towers: site, lat, lon (degrees), igbp; one row per tower, sorted by name."""
    return pd.DataFrame(TOWERS, columns=["site", "lat", "lon", "igbp"])


def kinds_of(sites: pd.DataFrame) -> np.ndarray:
    """Vegetation type of each tower (tower,), 0-9, from its class; 0 is open land."""
    return sites["igbp"].map(CLASS_TYPES).fillna(0).to_numpy(int)


def simulated_site_years(
    sites: pd.DataFrame,
    *,
    seed: int,
    planet: PlanetSettings,
    years: tuple[int, int],
) -> pd.DataFrame:
    """What the towers measured, one row per site-year.

    Columns site, year, gpp, reco, nee (gC m-2 yr-1), nee_qc (0-1).

    The truth at the tower's place and for its class, with the error of measurement. In
    about one of twelve years the measurement failed: `nee_qc` is low and the fluxes are
    far off. `reco = gpp + nee` holds in every row.

    Parameters
    ----------
    sites : columns site, lat, lon, igbp
    planet : settings of the planet
    years : first and last year in which towers may have measured
    """
    latitudes, longitudes = (sites[name].to_numpy(float) for name in ("lat", "lon"))
    cells = cells_of_kind(latitudes, longitudes, kinds_of(sites), seed=seed)
    first, last = record_spans(cells, years, seed=seed)
    tables = []
    for year in range(years[0], years[1] + 1):
        truth = carbon_year(cells, year, seed=seed, planet=planet)
        table = measure(
            cells, truth.gpp, truth.nee, year, seed=seed, unseen=planet.unseen
        )
        table.insert(0, "site", sites["site"].to_numpy())
        tables.append(table[(year >= first) & (year <= last)])
    table = pd.concat(tables, ignore_index=True)
    return table.sort_values(["site", "year"], ignore_index=True)


def record_spans(
    cells: Cells, years: tuple[int, int], *, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """First and last year of each tower's record (tower,), 3 to 12 years long."""
    available = years[1] - years[0] + 1
    least, most = RECORD_YEARS
    spread = np.uint64(most - least + 1)
    length = least + (hashed(seed, "record length", cells.keys) % spread).astype(int)
    length = np.minimum(length, available)
    start = uniform(hashed(seed, "record start", cells.keys))
    first = years[0] + np.floor(start * (available - length + 1)).astype(int)
    return first, first + length - 1


def measure(
    cells: Cells,
    gpp: np.ndarray,
    nee: np.ndarray,
    year: int,
    *,
    seed: int,
    unseen: UnseenSettings,
) -> pd.DataFrame:
    """Measured fluxes and quality of one year, one row per tower.

    Parameters
    ----------
    gpp, nee : true fluxes (tower,), gC m-2 yr-1
    unseen : errors that a tower keeps for all of its years
    """

    def draw(name: str) -> np.ndarray:
        return hashed(seed, f"measured {name}", cells.keys, year)

    def keep(name: str) -> np.ndarray:
        return normal(hashed(seed, f"kept {name}", cells.keys))

    gpp = gpp * np.maximum(1 + unseen.tower_gpp * keep("gpp"), 0.2)
    nee = nee + unseen.tower_nee * keep("nee")
    bad = uniform(draw("quality")) < BAD_SHARE
    share = uniform(draw("share"))
    quality = np.where(bad, 0.10 + 0.35 * share, 0.60 + 0.39 * share)
    factor = 1 + GPP_ERROR_SHARE * normal(draw("gpp"))
    garbage = 0.3 + 1.2 * uniform(draw("garbage"))
    measured_gpp = np.round(gpp * np.where(bad, garbage, factor), 2)
    error = NEE_ERROR * normal(draw("nee")) * np.where(bad, 10, 1)
    measured_nee = np.round(nee + error, 2)
    return pd.DataFrame(
        {
            "year": year,
            "gpp": measured_gpp,
            "reco": np.round(measured_gpp + measured_nee, 2),
            "nee": measured_nee,
            "nee_qc": np.round(quality, 3),
        }
    )
