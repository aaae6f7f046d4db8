"""Map and truth of the simulated planet on the cells that both have."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from forestflux.change.map_series import check_map_series
from forestflux.change.strata.latitude_bands import check_latitude_bands, label_bands
from forestflux.change.strata.totals import forest_area
from forestflux.core.grids.forest_area import measure_forest_area
from forestflux.core.grids.grid import check_cell_centres
from forestflux.core.input_errors import InputError
from forestflux.core.layers import REGION_LAYERS
from forestflux.core.names import FLUXES, PG_PER_G, TARGET_FLUXES
from forestflux.jobs.settings.change_settings import LatitudeBandSettings
from forestflux.jobs.stores.store import load_store

BOUND_LAYERS = tuple(
    f"{flux}_{side}" for flux in TARGET_FLUXES for side in ("lower", "upper")
)
MAP_LAYERS = (
    *(*FLUXES, *BOUND_LAYERS, "applicable"),
    *("forest_fraction", "forest_type", "cell_area"),
)
TRUTH_LAYERS = (*FLUXES, "forest_fraction", "disturbed", "planted_slope")


@dataclass(frozen=True)
class TruthComparison:
    """Truth and map of every cell that is forest in both in all years.

    Attributes
    ----------
    years : (year,)
    truth, mapped : fluxes by name, (year, cell), gC m-2 yr-1
    covered : gpp and nee, bool (year, cell), truth within the interval of the map
    applicable : bool (year, cell), inside the area of applicability of the map
    weights : (year, cell), m2: cell area x forest fraction of the truth, for both sides
    cell : (cell,), number of the cell on the grid, row by row
    row : (cell,), row of the grid
    band : (cell,), position in the bands
    disturbed : bool (year, cell)
    planted_slope : (cell,), gC m-2 yr-2
    area : m2 of forest, each side on all its own cells, mean over years
    level : nominal share within the interval
    """

    years: np.ndarray
    truth: dict[str, np.ndarray]
    mapped: dict[str, np.ndarray]
    covered: dict[str, np.ndarray]
    applicable: np.ndarray
    weights: np.ndarray
    cell: np.ndarray
    row: np.ndarray
    band: np.ndarray
    disturbed: np.ndarray
    planted_slope: np.ndarray
    area: dict[str, float]
    level: float

    def totals(self, flux: str) -> tuple[np.ndarray, np.ndarray]:
        """Sums over cells (year,) of truth and map, PgC yr-1."""
        truth, mapped = (
            (side[flux] * self.weights).sum(axis=1) * PG_PER_G
            for side in (self.truth, self.mapped)
        )
        return truth, mapped

    def means(self, flux: str) -> tuple[np.ndarray, np.ndarray]:
        """Area-weighted means over cells (year,) of truth and map, gC m-2 yr-1."""
        area = self.weights.sum(axis=1) * PG_PER_G
        truth, mapped = self.totals(flux)
        return truth / area, mapped / area

    def band_part(self, position: int) -> "TruthComparison":
        """The cells of one latitude band."""
        chosen = self.band == position
        truth, mapped, covered = (
            {name: values[:, chosen] for name, values in side.items()}
            for side in (self.truth, self.mapped, self.covered)
        )
        return replace(
            self,
            truth=truth,
            mapped=mapped,
            covered=covered,
            applicable=self.applicable[:, chosen],
            weights=self.weights[:, chosen],
            cell=self.cell[chosen],
            row=self.row[chosen],
            band=self.band[chosen],
            disturbed=self.disturbed[:, chosen],
            planted_slope=self.planted_slope[chosen],
        )


def compare_with_truth(
    maps: dict[int, Path],
    truth_stores: dict[int, Path],
    *,
    years: Sequence[int],
    pair: tuple[int, int],
    bands: Sequence[LatitudeBandSettings],
) -> TruthComparison:
    """Both sides of every year, cut to the cells that both have in all years.

    Parameters
    ----------
    maps : map store by year
    truth_stores : truth store by year
    years : years that both must have
    pair : two of them
    bands : latitude bands

    Raises
    ------
    InputError : a year, layer or cell of one side is missing on the other
    """
    check_latitude_bands(bands)
    years = check_map_series(maps, years=years, pair=pair)
    sides = []
    for year in tqdm(years, desc="recovery", disable=None):
        if year not in truth_stores:
            raise InputError(
                "truth", variable="year", expected=str(year), found="no store"
            )
        sides.append(read_map_and_truth(maps[year], truth_stores[year], bands=bands))
    common = sides[0]["cell"]
    for side in sides[1:]:
        common = np.intersect1d(common, side["cell"], assume_unique=True)
    if not common.size:
        raise InputError(
            "recovery",
            variable="cells",
            expected="forest cells that map and truth share in all years",
            found="none",
        )
    places = [np.searchsorted(side["cell"], common) for side in sides]

    def series(name: str) -> np.ndarray:
        return np.stack([s[name][p] for s, p in zip(sides, places, strict=True)])

    return TruthComparison(
        years=np.array(years),
        truth={name: series(f"truth_{name}") for name in FLUXES},
        mapped={name: series(f"mapped_{name}") for name in FLUXES},
        covered={name: series(f"covered_{name}") for name in TARGET_FLUXES},
        applicable=series("applicable"),
        weights=series("weight"),
        cell=common,
        row=series("row")[0],
        band=series("band")[0],
        disturbed=series("disturbed"),
        planted_slope=series("planted_slope")[-1],
        area={
            name: np.mean([side[f"area_{name}"] for side in sides])
            for name in ("truth", "mapped")
        },
        level=float(sides[0]["level"]),
    )


def read_map_and_truth(
    map_path: Path, truth_path: Path, *, bands: Sequence[LatitudeBandSettings]
) -> dict[str, np.ndarray]:
    """Vectors over the cells that are forest in map and truth, and single numbers."""
    mapped = load_store(map_path, MAP_LAYERS, optional=REGION_LAYERS)
    truth = load_store(truth_path, TRUTH_LAYERS)
    for name in ("y", "x"):
        found, wanted = truth[name].values, mapped[name].values
        check_cell_centres(found, wanted, source=truth_path, name=name, owner="the map")
    fraction = np.nan_to_num(truth["forest_fraction"].values)
    true_area = measure_forest_area(
        mapped.assign(forest_fraction=(("y", "x"), fraction))
    )
    both = (fraction > 0) & np.isfinite(truth["gpp"].values)
    both &= np.isfinite(mapped["gpp"].values)
    row = np.nonzero(both)[0]

    side = {
        "cell": np.flatnonzero(both),
        "row": row,
        "band": label_bands(mapped["y"].values, bands)[row],
        "applicable": mapped["applicable"].values[both] == 1,
        "weight": true_area[both],
        "disturbed": truth["disturbed"].values[both] > 0,
        "planted_slope": truth["planted_slope"].values[both].astype(float),
        "area_truth": true_area.sum(),
        "area_mapped": forest_area(mapped).sum(),
        "level": mapped["gpp_lower"].attrs["level"],
    }
    for name in FLUXES:
        side[f"truth_{name}"] = truth[name].values[both].astype(float)
        side[f"mapped_{name}"] = mapped[name].values[both].astype(float)
    for name in TARGET_FLUXES:
        low, high = (mapped[f"{name}_{s}"].values[both] for s in ("lower", "upper"))
        value = side[f"truth_{name}"]
        side[f"covered_{name}"] = (value >= low) & (value <= high)
    return side
