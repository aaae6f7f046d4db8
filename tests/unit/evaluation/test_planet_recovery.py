"""Recovery: a perfect map, known errors, and sides that do not fit together."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from forestflux.change.cell_series import CHANGE_LAYERS
from forestflux.core.grids.grid import Grid, cell_area
from forestflux.core.input_errors import InputError
from forestflux.core.names import TARGET_FLUXES
from forestflux.evaluation.planet_recovery import score_recovery
from forestflux.evaluation.truth_comparison import compare_with_truth
from forestflux.jobs.settings.change_settings import LatitudeBandSettings
from forestflux.jobs.stores.store import write_store
from forestflux.pages.recovered_quantities import describe_quantity

GRID = Grid(resolution_deg=30.0, tile_cells=12)
YEARS = range(2003, 2007)
CELLS = ("y", "x")
# A change store without any tested cell.
UNTESTED = xr.Dataset(
    {
        f"{flux}_{layer}": (CELLS, np.full(GRID.shape, np.nan))
        for flux in TARGET_FLUXES
        for layer in CHANGE_LAYERS
    },
    attrs={"pair": [2003, 2006], "first_window": [], "second_window": []},
)
SETTINGS = {
    "years": YEARS,
    "change": UNTESTED,
    "alpha": 0.05,
    "pair": (2003, 2006),
    "bands": (
        LatitudeBandSettings(name="north", south=30, north=90),
        LatitudeBandSettings(name="tropics", south=-30, north=30),
        LatitudeBandSettings(name="south", south=-90, north=-30),
    ),
}


class World:
    """Truth (year, y, x) with a trend, weather and a disturbance, and a map of it."""

    def __init__(self) -> None:
        rng = np.random.default_rng(3)
        shape = (len(YEARS), *GRID.shape)
        self.slope = rng.uniform(2, 6, GRID.shape)
        mean = rng.uniform(800, 3000, GRID.shape)
        time = np.arange(len(YEARS))[:, None, None]
        self.disturbed = np.zeros(shape, "uint8")
        self.disturbed[2:, 2, 4] = 1
        self.gpp = mean + self.slope * time
        self.reco = 0.9 * mean + 0 * time + 250 * self.disturbed
        self.fraction = rng.uniform(0.2, 1, GRID.shape)
        self.fraction[:, 0] = 0
        self.forest = self.fraction > 0
        self.mapped = {"gpp": self.gpp.copy(), "reco": self.reco.copy()}
        self.map_fraction = self.fraction.copy()
        self.half = 100.0
        self.applicable = self.forest.astype("uint8")
        self.applicable[:, 6:] = 0

    def write(self, folder: Path) -> tuple[dict[int, Path], dict[int, Path]]:
        """Map and truth stores by year."""
        coords = {"y": GRID.latitudes(), "x": GRID.longitudes(), "member": [0]}
        area = cell_area(GRID.latitudes(), GRID.resolution_deg)[:, None]
        area = np.broadcast_to(area, GRID.shape)
        maps, truth = {}, {}
        for place, year in enumerate(YEARS):
            true = {"gpp": self.gpp[place], "reco": self.reco[place]}
            true["nee"] = true["reco"] - true["gpp"]
            layers = {
                **true,
                "forest_fraction": self.fraction,
                "forest_type": self.forest.astype("uint8"),
                "disturbed": self.disturbed[place],
                "planted_slope": self.slope,
            }
            truth[year] = folder / f"truth{year}.zarr"
            write_store(dataset_of(layers, coords, year), truth[year])
            found = {name: flux[place] for name, flux in self.mapped.items()}
            found["nee"] = found["reco"] - found["gpp"]
            there = self.map_fraction > 0
            found = {name: np.where(there, v, np.nan) for name, v in found.items()}
            layers = {
                **found,
                **{f"{n}_lower": found[n] - self.half for n in ("gpp", "nee")},
                **{f"{n}_upper": found[n] + self.half for n in ("gpp", "nee")},
                "forest_fraction": self.map_fraction,
                "forest_type": there.astype("uint8"),
                "applicable": np.where(there, self.applicable, 255).astype("uint8"),
                "cell_area": area,
            }
            maps[year] = folder / f"map{year}.zarr"
            dataset = dataset_of(layers, coords, year)
            dataset["gpp_lower"].attrs["level"] = 0.9
            write_store(dataset, maps[year])
        return maps, truth


def dataset_of(layers: dict, coords: dict, year: int) -> xr.Dataset:
    variables = {name: (CELLS, values) for name, values in layers.items()}
    return xr.Dataset(variables, coords=coords, attrs={"year": year})


def score(
    maps: dict[int, Path], truth: dict[int, Path], **settings: object
) -> pd.DataFrame:
    """The table of these stores."""
    chosen = {name: settings.pop(name) for name in ("years", "pair", "bands")}
    both = compare_with_truth(maps, truth, **chosen)
    return score_recovery(both, pair=chosen["pair"], bands=chosen["bands"], **settings)


def table_of(world: World, folder: Path) -> pd.DataFrame:
    rows = score(*world.write(folder), **SETTINGS).set_index("quantity")
    # Nothing of this change store is tested: detection is tested by itself.
    tested = rows.index.str.contains("_found|_alarm_|_auc_")
    assert rows.loc[tested, "mapped"].isna().all()
    return rows[~tested]


def weighted(world: World, values: np.ndarray) -> float:
    """Mean over the forest, area times fraction, written out row by row."""
    total = area = 0.0
    for y, latitude in enumerate(GRID.latitudes()):
        cell = float(cell_area(np.array([latitude]), 30.0)[0])
        for x in range(GRID.shape[1]):
            total += values[y, x] * cell * world.fraction[y, x]
            area += cell * world.fraction[y, x]
    return total / area


def test_a_perfect_map_recovers_everything(tmp_path: Path) -> None:
    rows = table_of(World(), tmp_path)
    assert list(rows.columns) == ["unit", "truth", "mapped", "error", "error_percent"]
    planted = rows.index.str.contains("planted") | rows.index.str.contains("share")
    np.testing.assert_allclose(rows.loc[~planted, "error"], 0, atol=1e-9)
    for flux in ("gpp", "reco", "nee"):
        assert rows.loc[f"{flux}_cell_r2", "mapped"] == 1
        assert rows.loc[f"{flux}_zonal_rms", "mapped"] == 0
    assert rows.loc["gpp_share_within_interval", "mapped"] == 1
    assert rows.loc["gpp_share_within_interval", "truth"] == 0.9
    assert rows.loc["forest_area", "truth"] == rows.loc["forest_area", "mapped"]


def test_every_quantity_has_words_of_its_own(tmp_path: Path) -> None:
    """Figures can name what the table has, and no two quantities alike."""
    names = score(*World().write(tmp_path), **SETTINGS)["quantity"]
    assert len(names) > 60
    found = [describe_quantity(name) for name in names]
    keys = [(words.flux, words.group, words.label, words.year) for words in found]
    assert len(set(keys)) == len(names)
    assert not [
        words.label for words in found if "_" in words.label.replace("$^2$", "")
    ]
    with pytest.raises(InputError, match=r"recovery\.csv: quantity: expected"):
        describe_quantity("gpp_unheard")


def test_true_values_by_hand(tmp_path: Path) -> None:
    world = World()
    rows = table_of(world, tmp_path)["truth"]
    area = weighted(world, world.fraction * 0 + 1) * rows["forest_area"]
    mean = weighted(world, world.gpp[2])
    assert rows["gpp_total_2005"] == pytest.approx(mean * area * 1e-15)
    slope = weighted(world, world.slope)
    assert rows["gpp_planted_slope"] == pytest.approx(slope)
    assert rows["gpp_series_slope"] == pytest.approx(slope)
    assert rows["gpp_change"] == pytest.approx(3 * slope * area * 1e-15)
    # The one disturbed cell: RECO rises by 250, GPP by its slope over two years.
    effect = 250 - 2 * world.slope[2, 4]
    assert rows["nee_disturbance_effect"] == pytest.approx(effect)
    bands = [rows[f"nee_total_{band.name}"] for band in SETTINGS["bands"]]
    years = [rows[f"nee_total_{year}"] for year in YEARS]
    assert sum(bands) == pytest.approx(np.mean(years))


def test_errors_have_their_sign_and_size(tmp_path: Path) -> None:
    world = World()
    world.mapped["gpp"] *= 1.1
    world.mapped["reco"] += 80.0
    rows = table_of(world, tmp_path)
    totals = rows[rows.index.str.match(r"gpp_total_\d{4}")]
    np.testing.assert_allclose(totals["error_percent"], 10)
    np.testing.assert_allclose(rows.loc["gpp_planted_slope", "error_percent"], 10)
    assert rows.loc["reco_mean", "error"] == pytest.approx(80)
    assert rows.loc["reco_zonal_rms", "error"] == pytest.approx(80)
    assert rows.loc["reco_cell_rms", "error"] == pytest.approx(80)
    percent = 100 * 80 / rows.loc["reco_mean", "truth"]
    assert rows.loc["reco_zonal_rms", "error_percent"] == pytest.approx(percent)
    assert rows.loc["reco_change", "error"] == pytest.approx(0, abs=1e-12)
    assert rows.loc["reco_cell_r2", "mapped"] < 1
    # NEE is negative: 10 % more GPP is more uptake, a negative error and percentage.
    nee = rows.loc["nee_mean"]
    assert nee["truth"] < 0
    assert np.sign(nee["error"]) == np.sign(nee["error_percent"])


def test_share_within_the_interval_counts_cells(tmp_path: Path) -> None:
    world = World()
    world.mapped["gpp"][:, :3] += 101.0
    rows = table_of(world, tmp_path)
    assert rows.loc["gpp_share_within_interval", "mapped"] == 0.5
    assert rows.loc["nee_share_within_interval", "mapped"] == 0.5
    assert rows.loc["gpp_share_within_interval", "error"] == pytest.approx(-0.4)


def test_share_within_the_interval_inside_and_outside(tmp_path: Path) -> None:
    world = World()
    world.mapped["gpp"][:, :, 5:] += 101.0
    rows = table_of(world, tmp_path)["mapped"]
    # Column 0 has no forest; of columns 1-5 the last is off, of 6-11 all are.
    assert rows["gpp_share_within_interval_inside"] == pytest.approx(0.8)
    assert rows["gpp_share_within_interval_outside"] == 0
    assert rows["gpp_share_within_interval"] == pytest.approx(4 / 11)
    world.applicable[:] = 1
    assert "gpp_share_within_interval_outside" not in table_of(world, tmp_path).index


def test_forest_that_the_map_misses_shows_in_the_area_alone(tmp_path: Path) -> None:
    world = World()
    world.map_fraction = np.where(world.map_fraction < 0.5, 0, world.map_fraction * 0.9)
    rows = table_of(world, tmp_path)
    assert rows.loc["forest_area", "error_percent"] < -10
    assert rows.loc["gpp_mean", "error"] == pytest.approx(0, abs=1e-9)
    assert rows.loc["gpp_total_2003", "error_percent"] == pytest.approx(0, abs=1e-9)


def test_a_world_without_disturbance_has_no_such_row(tmp_path: Path) -> None:
    world = World()
    world.disturbed[:] = 0
    assert "nee_disturbance_effect" not in table_of(world, tmp_path).index


def test_only_annual_totals_look_like_annual_totals(tmp_path: Path) -> None:
    rows = table_of(World(), tmp_path)
    annual = [name for name in rows.index if re.search(r"_(\d{4})\b", name)]
    assert len(annual) == 3 * len(YEARS)
    assert (rows.loc[annual, "unit"] == "PgC yr-1").all()
    assert rows.index.is_unique


def test_sides_that_do_not_fit(tmp_path: Path) -> None:
    maps, truth = World().write(tmp_path)
    with pytest.raises(InputError, match="truth: year: expected 2005, found no store"):
        score(maps, {y: p for y, p in truth.items() if y != 2005}, **SETTINGS)
    with pytest.raises(InputError, match="no map of 2005"):
        score({y: p for y, p in maps.items() if y != 2005}, truth, **SETTINGS)
    with pytest.raises(InputError, match=r"change.pair"):
        score(maps, truth, **SETTINGS | {"pair": (2003, 2018)})
    shifted = xr.open_zarr(truth[2004], consolidated=False).load()
    write_store(shifted.assign_coords(x=shifted["x"] + 1), tmp_path / "shifted.zarr")
    with pytest.raises(InputError, match="x: expected the 12 cell centres of the map"):
        score(maps, truth | {2004: tmp_path / "shifted.zarr"}, **SETTINGS)
    write_store(shifted.drop_vars("disturbed"), tmp_path / "part.zarr")
    with pytest.raises(InputError, match="disturbed: expected a variable of the store"):
        score(maps, truth | {2004: tmp_path / "part.zarr"}, **SETTINGS)


def test_no_forest_in_common(tmp_path: Path) -> None:
    world = World()
    world.map_fraction = np.where(world.forest, 0, 0.5)
    with pytest.raises(InputError, match=r"cells: expected forest cells .* found none"):
        table_of(world, tmp_path)
