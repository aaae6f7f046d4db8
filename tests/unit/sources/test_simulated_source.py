"""The simulated planet as a source: layout, bytes, gaps, bits and fills."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from forestflux.core.grids.grid import Grid
from forestflux.core.grids.places import TilePlace, TowerPlace
from forestflux.core.input_errors import InputError
from forestflux.core.names import IGBP_CLASSES
from forestflux.core.product_tables.pixel_quality import stored_reason
from forestflux.core.product_tables.product_table import read_products
from forestflux.jobs.settings.source_settings import PlanetSettings, SourceSettings
from forestflux.sources.simulated import simulated_source
from forestflux.sources.simulated.carbon import carbon_year
from forestflux.sources.simulated.simulated_source import open_source
from forestflux.sources.simulated.simulated_towers import kinds_of, simulated_sites
from forestflux.sources.simulated.true_fluxes import true_year
from forestflux.sources.simulated.vegetation import cells_of_kind
from tests.builders.paths import PRODUCTS
from tests.builders.products import with_extract

TABLE = read_products(PRODUCTS)
SEED = 2019
GRID = Grid(1.0, 60)
INDICES = ("ndvi", "evi")
TEMPERATURES = ("lst_day", "lst_night")


def pixels() -> dict:
    """The products of tiles, but of one pixel a cell, nothing averaged."""
    tower = TABLE.column("tower")
    return TABLE.column("tile") | {
        name: with_extract(tower[name], window=1) for name in ("et", *TEMPERATURES)
    }


def source(**planet: float):
    """The planet under test."""
    return open_source(SourceSettings(seed=SEED, planet=PlanetSettings(**planet)))


@pytest.fixture(scope="module")
def globe():
    """Every tile of one year at one degree."""
    planet = source()
    return {
        tile.name: planet.fetch(pixels(), TilePlace(tile), 2003)
        for tile in GRID.tiles()
    }


@pytest.fixture(scope="module")
def europe(globe):
    """Tile from 30 to 90 N, 0 to 60 E."""
    return globe["r00c03"]


def forest(dataset) -> np.ndarray:
    """Cells with a tenth of forest and more."""
    return dataset["forest_percent"].values.sum(axis=0) >= 10


def optical_gap(dataset) -> np.ndarray:
    """Where NDVI is cloud, snow or absent (image, y, x)."""
    quality = dataset["ndvi_quality"].values
    return (quality < 0) | (quality >= 2)


def test_tile_has_the_layout_of_the_contract(europe):
    for name, product in pixels().items():
        if name == "landcover":
            continue
        shape = (31, 31) if name == "precip" else (60, 60)
        assert europe[name].dims == (f"time_{name}", f"y_{name}", f"x_{name}")
        assert europe[name].shape == (46, *shape)
        assert europe[name].dtype == product.extract.dtype
        assert europe[f"time_{name}"].values[1] == np.datetime64("2003-01-09")
        if product.has_quality:
            assert europe[f"{name}_quality"].dims == europe[name].dims
            assert europe[f"{name}_quality"].dtype == product.extract.quality_dtype
    assert europe["forest_percent"].dims == ("igbp", "y", "x")
    assert europe["forest_percent"].dtype == "uint8"
    assert europe["igbp"].values.tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_array_equal(europe["y"], GRID.tile("r00c03").latitudes())


def test_same_seed_same_bytes_other_seed_others(europe):
    place = TilePlace(GRID.tile("r00c03"))
    again = source().fetch(pixels(), place, 2003)
    assert again.identical(europe)
    other = open_source(SourceSettings(seed=SEED + 1))
    assert not other.fetch(pixels(), place, 2003).equals(europe)


@pytest.mark.parametrize("tile_cells", [20, 36])
def test_a_cell_is_the_same_through_other_tiles(europe, tile_cells):
    grid = Grid(1.0, tile_cells)
    tile = next(
        tile
        for tile in grid.tiles()
        if tile.rows.start >= 20 and tile.columns.start >= 180
    )
    part = source().fetch(pixels(), TilePlace(tile), 2003)
    rows = slice(tile.rows.start, min(tile.rows.stop, 60))
    columns = slice(tile.columns.start - 180, min(tile.columns.stop - 180, 60))
    height, width = rows.stop - rows.start, columns.stop - columns.start
    assert height >= 20
    assert width >= 20
    for name in (*INDICES, "et", *TEMPERATURES):
        for band in (name, f"{name}_quality"):
            np.testing.assert_array_equal(
                part[band].values[:, :height, :width],
                europe[band].values[:, rows, columns],
            )
    np.testing.assert_array_equal(
        part["precip"].values[:, : height // 2, : width // 2],
        europe["precip"].values[
            :, rows.start // 2 : rows.stop // 2, columns.start // 2 : columns.stop // 2
        ],
    )


def test_odd_tiles_have_coarse_pixels_to_their_edge():
    grid = Grid(4.0, 15)  # 45 x 90 cells
    tile = grid.tile("r01c03")
    native = source().fetch(TABLE.column("tile"), TilePlace(tile), 2003)
    assert native["ndvi"].shape[1:] == (15, 15)
    assert native["precip"].shape[1:] == (8, 8)
    land = native["forest_percent"].values.sum(axis=0) > 0
    repeated = native["precip"].values.repeat(2, axis=1).repeat(2, axis=2)
    assert np.isfinite(repeated[:, 1:16, 1:16][:, land]).all()


def test_gaps_have_their_share_and_geography(globe):
    gaps, latitudes, clouds = [], [], []
    for name, dataset in globe.items():
        inside = forest(dataset)
        gaps.append(optical_gap(dataset)[:, inside])
        clouds.append(dataset["ndvi_quality"].values[:, inside] == 3)
        rows = GRID.tile(name).latitudes()
        latitudes.append(np.repeat(rows[:, None], inside.shape[1], axis=1)[inside])
    gaps, clouds = np.concatenate(gaps, axis=1), np.concatenate(clouds, axis=1)
    latitudes = np.concatenate(latitudes)
    assert 0.2 < gaps.mean() < 0.36
    north, tropics = latitudes > 55, np.abs(latitudes) < 10
    midsummer, autumn, winter = slice(20, 26), slice(34, 38), slice(0, 4)
    assert gaps[winter][:, north].mean() > 0.6
    assert gaps[midsummer][:, north].mean() < 0.25
    assert clouds[autumn][:, north].mean() > 1.5 * clouds[12:16][:, north].mean()
    subtropics = (np.abs(latitudes) > 20) & (np.abs(latitudes) < 35)
    assert clouds[:, tropics].mean() > 1.5 * clouds[:, subtropics].mean()


def test_wet_season_is_cloudier_than_dry_season(globe):
    amazon = globe["r01c02"]  # 30 N to 30 S, 60 W to 0
    inside = forest(amazon)
    inside[: 60 - 22] = False  # keep 8 to 20 S, where January is wet
    inside[50:] = False
    assert inside.sum() > 30
    clouds = (amazon["ndvi_quality"].values == 3)[:, inside]
    assert clouds[:8].mean() > 2 * clouds[22:28].mean()


def test_polar_night_has_no_optical_data_but_temperatures(europe):
    arctic = europe["forest_percent"].values.sum(axis=0) > 0
    arctic[GRID.tile("r00c03").latitudes() < 66.5] = False
    assert arctic.sum() > 5
    assert (europe["ndvi"].values[0][arctic] == -32768).all()
    assert (europe["ndvi_quality"].values[0][arctic] == -1).all()
    assert (europe["ndvi"].values[22][arctic] != -32768).all()
    assert (europe["lst_night"].values[:4][:, arctic] > 0).mean() > 0.4


def test_vegetation_bits_fit_the_values(globe):
    for dataset in globe.values():
        for name in INDICES:
            values, quality = dataset[name].values, dataset[f"{name}_quality"].values
            missing = (values == -3000) | (values == -32768)
            np.testing.assert_array_equal(missing, quality == -1)
            assert values[~missing].min() >= -2000
            assert values[~missing].max() <= 10000
        np.testing.assert_array_equal(
            dataset["ndvi_quality"].values, dataset["evi_quality"].values
        )


def test_temperature_bits_fit_the_values(europe):
    land = europe["et"].values[0] != 32766
    for name in TEMPERATURES:
        values = europe[name].values[:, land]
        quality = europe[f"{name}_quality"].values[:, land]
        np.testing.assert_array_equal(values == 0, np.isin(quality & 3, (2, 3)))
        assert (quality & 3 == 2).sum() > 5 * (quality & 3 == 3).sum()
        there = values[values > 0] * 0.02
        assert there.min() > 200
        assert there.max() < 340
        assert set(np.unique(quality[values > 0] >> 6)) == {0, 1, 2, 3}
        assert (europe[name].values[:, ~land] == pixels()[name].extract.absent).all()


def test_evaporation_holds_fills_on_sea_and_desert(globe):
    sahara = globe["r01c03"]
    column, row = 15, 30 - 23  # 15 E, 23 N
    assert (sahara["et"].values[:, row, column] == 32765).all()
    assert (sahara["et_quality"].values[:, row, column] == 255).all()
    for dataset in globe.values():
        values, quality = dataset["et"].values, dataset["et_quality"].values
        fill = values > 32700
        np.testing.assert_array_equal(fill, quality == 255)
        assert (values[~fill] >= 0).all()
        assert not fill[:, forest(dataset)].any()
        sea = values[0] == 32766
        assert np.isnan(dataset["precip"].values).any() or not sea.all()


def test_averages_of_alike_pixels_are_the_pixels_where_they_are_trusted(europe):
    average = source().fetch(TABLE.column("tile"), TilePlace(GRID.tile("r00c03")), 2003)
    for name in ("et", *TEMPERATURES):
        rules, pixel = TABLE.column("tower")[name].mask, europe[name].values
        quality, absent = (
            europe[f"{name}_quality"].values,
            pixels()[name].extract.absent,
        )
        reason = stored_reason(pixel, quality, rules, absent=absent)
        trusted = reason == 0
        np.testing.assert_array_equal(average[name].values[trusted], pixel[trusted])
        assert (average[name].values[~trusted] == absent).all()
        packed = average[f"{name}_quality"].values
        np.testing.assert_array_equal(packed & 127, np.where(trusted, 100, 0))
        np.testing.assert_array_equal(packed >> 7, reason)


def test_composite_sums_shrink_with_the_last_step(globe):
    tropics = globe["r01c03"]
    inside = forest(tropics)
    last, before = (tropics["et"].values[k][inside].sum() for k in (45, 44))
    assert last / before == pytest.approx(5 / 8, rel=0.15)


def test_aqua_begins_in_july_2002_and_terra_was_silent():
    place = TilePlace(Grid(10.0, 6).tile("r00c03"))
    days = {
        year: source().fetch(TABLE.column("tile"), place, year)
        for year in (2001, 2002, 2016)
    }
    ndvi = {year: set(native["time_ndvi"].values) for year, native in days.items()}
    assert len(ndvi[2001]) == 22  # 23 of Terra less the composite of 26 June
    assert np.datetime64("2001-06-26") not in ndvi[2001]
    assert np.datetime64("2001-01-09") not in ndvi[2001]
    assert np.datetime64("2002-07-04") in ndvi[2002]
    assert np.datetime64("2002-06-18") not in ndvi[2002]
    assert days[2001].sizes["time_lst_day"] == 44
    assert days[2016].sizes["time_lst_day"] == 45
    assert days[2016].sizes["time_et"] == 46


def test_cloudiness_changes_gaps_and_nothing_below():
    place = TilePlace(GRID.tile("r01c03"))
    clear = source(cloudiness=0.0).fetch(pixels(), place, 2003)
    usual = source().fetch(pixels(), place, 2003)
    inside = forest(clear)
    assert not (clear["ndvi_quality"].values[:, inside] == 3).any()
    assert (usual["ndvi_quality"].values[:, inside] == 3).mean() > 0.1
    np.testing.assert_array_equal(clear["precip"], usual["precip"])
    visible = (usual["lst_day"].values > 0)[:, inside]
    np.testing.assert_array_equal(
        clear["lst_day"].values[:, inside][visible],
        usual["lst_day"].values[:, inside][visible],
    )


def test_disturbance_shows_in_ndvi():
    """Cells struck in 2004-2006 are darker in 2006 than without disturbance."""
    grid = Grid(2.0, 90)
    place = TilePlace(grid.tile("r00c01"))
    truth = true_year(grid, 2006, seed=SEED, planet=PlanetSettings(disturbed_share=0.3))
    struck = truth["disturbed"].values[:, 90:] == 1
    products = {"ndvi": TABLE.column("tile")["ndvi"]}
    wounded = source(disturbed_share=0.3).fetch(products, place, 2006)
    whole = source(disturbed_share=0.0).fetch(products, place, 2006)
    good = np.isin(whole["ndvi_quality"].values, (0, 1))
    assert struck.sum() > 50
    drop = (whole["ndvi"].values - wounded["ndvi"].values.astype(int))[:, struck]
    assert drop[good[:, struck]].mean() > 2000
    healthy = ~struck
    np.testing.assert_array_equal(
        whole["ndvi"].values[:, healthy], wounded["ndvi"].values[:, healthy]
    )


@pytest.fixture(scope="module")
def towers():
    """All simulated towers in a leap year."""
    place = TowerPlace(simulated_sites())
    return place, source().fetch(TABLE.column("tower"), place, 2004)


def test_tower_windows_stand_below_one_another(towers):
    place, native = towers
    count = len(place.sites)
    assert native["ndvi"].shape == (46, 5 * count, 5)
    assert native["lst_day"].shape == (46, 3 * count, 3)
    assert native["et"].shape == (46, 5 * count, 5)
    assert native["precip"].shape == (366, count, 1)
    assert native["site"].dims == native["lat"].dims == native["lon"].dims == ("y",)
    assert native["site"].values.tolist() == place.sites["site"].tolist()
    assert "forest_percent" not in native
    classes = native["landcover"].values.reshape(count, 25)
    assert native["landcover"].dims == ("time_landcover", "y_landcover", "x_landcover")
    own = [IGBP_CLASSES.index(name) + 1 for name in place.sites["igbp"]]
    np.testing.assert_array_equal(classes, np.repeat(own, 25).reshape(count, 25))
    assert source().column(place, "ndvi") == "tower"


def test_a_tower_is_the_same_in_another_group(towers):
    place, native = towers
    few = TowerPlace(place.sites.iloc[[7, 90]])
    part = source().fetch(TABLE.column("tower"), few, 2004)
    for name, side in (("ndvi", 5), ("lst_night", 3), ("et", 5), ("precip", 1)):
        for row, tower in enumerate((7, 90)):
            np.testing.assert_array_equal(
                part[name].values[:, row * side : (row + 1) * side],
                native[name].values[:, tower * side : (tower + 1) * side],
            )


def test_pixels_of_a_window_differ_a_little(towers):
    _, native = towers
    values = native["ndvi"].values.reshape(46, -1, 25) * 1e-4
    good = (native["ndvi_quality"].values == 0).reshape(46, -1, 25)
    spread = np.where(good, values, np.nan)
    enough = good.sum(axis=2) > 10
    deviation = np.nanstd(spread[enough], axis=1)
    assert 0.008 < deviation.mean() < 0.03


def test_windows_show_the_vegetation_of_the_label():
    sites = simulated_sites()
    chosen = sites[sites["site"] == "DE-Hai"]
    as_needles = chosen.assign(igbp="ENF")
    planet = source(cloudiness=0.0)
    leafy, needles = (
        planet.fetch(TABLE.column("tower"), TowerPlace(table), 2004)["ndvi"].values
        for table in (chosen, as_needles)
    )
    winter, summer = slice(3, 7), slice(22, 26)
    assert leafy[summer].mean() - leafy[winter].mean() > 3500
    assert needles[summer].mean() - needles[winter].mean() < 3500


def test_daily_rain_sums_to_the_true_rain_of_the_steps(towers):
    place, native = towers
    cells = cells_of_kind(
        place.latitudes, place.longitudes, kinds_of(place.sites), seed=SEED
    )
    carbon = carbon_year(cells, 2004, seed=SEED, planet=PlanetSettings())
    days = native["precip"].values[:, :, 0].T.astype(float)
    starts = 8 * np.arange(46)
    sums = 1000 * np.add.reduceat(days, starts, axis=1)
    lengths = np.append(np.full(45, 8), 6)
    error = np.log(sums / (carbon.weather.rain * lengths))
    assert error.mean() == pytest.approx(0, abs=0.01)
    assert error.std() == pytest.approx(0.10, abs=0.01)
    assert (days >= 0).all()


def test_source_without_seed_is_refused():
    with pytest.raises(InputError, match="seed"):
        open_source(SourceSettings())


def test_towers_of_a_user_table_need_only_position_and_class():
    sites = pd.DataFrame({"site": ["X"], "lat": [50.0], "lon": [10.0], "igbp": ["URB"]})
    native = source().fetch(TABLE.column("tower"), TowerPlace(sites), 2003)
    assert native["ndvi"].shape == (46, 5, 5)


@pytest.mark.parametrize("at_once", [7, 100_000])
def test_how_many_cells_are_computed_at_once_changes_no_byte(at_once, monkeypatch):
    monkeypatch.setattr(simulated_source, "CELLS_AT_ONCE", at_once)
    small = Grid(1.0, 10).tile("r03c18")
    found = source().fetch(pixels(), TilePlace(small), 2003)
    monkeypatch.undo()
    xr.testing.assert_identical(found, source().fetch(pixels(), TilePlace(small), 2003))


def test_cells_outside_of_a_region_are_not_computed_and_those_inside_are_the_same():
    small = Grid(1.0, 10).tile("r03c18")
    share = np.zeros((10, 10))
    share[2:5, 3:6] = 0.5
    whole = source().fetch(pixels(), TilePlace(small), 2003)
    part = source().fetch(pixels(), TilePlace(small, share), 2003)
    inside = share > 0
    for name in ("ndvi", "et_quality", "lst_day", "forest_percent"):
        np.testing.assert_array_equal(
            part[name].values[:, inside], whole[name].values[:, inside]
        )
    assert (whole["forest_percent"].values[:, ~inside] > 0).any()
    assert not part["forest_percent"].values[:, ~inside].any()
