"""The simulated planet: noise, geography, fluxes, what is planted, towers and truth."""

import numpy as np
import pytest

from forestflux.core.grids.grid import Grid
from forestflux.core.grids.land import is_land, land_raster
from forestflux.core.names import FOREST_TYPES, OTHER_CLASSES
from forestflux.jobs.settings.source_settings import PlanetSettings, UnseenSettings
from forestflux.sources.simulated.carbon import DNF, carbon_year, spring_factor
from forestflux.sources.simulated.noise import Lattice, hashed, mix, normal, uniform
from forestflux.sources.simulated.simulated_towers import (
    kinds_of,
    simulated_site_years,
    simulated_sites,
)
from forestflux.sources.simulated.true_fluxes import true_year
from forestflux.sources.simulated.vegetation import cells_of_kind, forest_cells

SEED = 2019
GRID = Grid(2.0, 30)
PLANET = PlanetSettings()


@pytest.fixture(scope="module")
def truths():
    """The truth of every year from 2001 to 2020 on a coarse grid."""
    return {
        year: true_year(GRID, year, seed=SEED, planet=PLANET)
        for year in range(2001, 2021)
    }


@pytest.fixture(scope="module")
def land_cells():
    """Land of the globe at one degree with its percents of forest."""
    grid = Grid(1.0, 60)
    latitudes = np.repeat(grid.latitudes(), 360)
    longitudes = np.tile(grid.longitudes(), 180)
    land = is_land(latitudes, longitudes)
    return forest_cells(latitudes[land], longitudes[land], seed=SEED)


def test_mix_is_splitmix64():
    # First outputs of SplitMix64 with state 1234567 (reference C code by S. Vigna).
    mask = (1 << 64) - 1
    states = [(1234567 + k * 0x9E3779B97F4A7C15) & mask for k in (1, 2, 3)]
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert mix(np.array(states, dtype=np.uint64)).tolist() == expected


def test_hashes_have_the_moments_they_promise():
    hashes = hashed(1, "test", np.arange(200_000))
    assert normal(hashes).mean() == pytest.approx(0, abs=0.01)
    assert normal(hashes).var() == pytest.approx(1, abs=0.02)
    assert uniform(hashes).mean() == pytest.approx(0.5, abs=0.005)
    other = normal(hashed(1, "other", np.arange(200_000)))
    assert abs(np.corrcoef(normal(hashes), other)[0, 1]) < 0.01


def test_smooth_fields_have_unit_variance_and_no_seam():
    rng = np.random.default_rng(3)
    latitudes = np.degrees(np.arcsin(rng.uniform(-1, 1, 20_000)))
    longitudes = rng.uniform(-180, 180, 20_000)
    field = Lattice(latitudes, longitudes, scale_km=150).still(5, "test")
    assert field.var() == pytest.approx(1, abs=0.1)
    sides = Lattice(np.array([60.0, 60.0]), np.array([-180.0, 180.0]), scale_km=150)
    west, east = sides.still(5, "test")
    assert west == pytest.approx(east, abs=1e-9)


def test_moving_fields_join_over_new_year():
    lattice = Lattice(np.array([10.0, 50.0]), np.array([20.0, 90.0]), scale_km=1500)
    both = lattice.node_series(1, "t", first_step=2003 * 46, steps=92, period=6.0)
    second = lattice.node_series(1, "t", first_step=2004 * 46, steps=46, period=6.0)
    np.testing.assert_array_equal(both[:, 46:], second)
    series = lattice.moving(both)
    assert np.abs(np.diff(series, axis=1)).max() < 1.2


def test_moving_field_is_the_weighted_sum_of_its_corners():
    lattice = Lattice(np.array([-33.0]), np.array([151.0]), scale_km=900)
    nodes = lattice.node_series(1, "t", first_step=5, steps=4, period=1.0)
    by_hand = sum(
        lattice.weights[0, k] * nodes[lattice.corners[0, k]] for k in range(8)
    )
    np.testing.assert_allclose(lattice.moving(nodes)[0], by_hand, rtol=1e-12)


def test_coasts_are_the_real_ones():
    places = {
        "Berlin": (52.5, 13.4, True),
        "Manaus": (-3.1, -60.0, True),
        "mid-Atlantic": (30.0, -40.0, False),
        "mid-Pacific": (0.0, -140.0, False),
        "Alice Springs": (-23.7, 133.9, True),
        "Bay of Bengal": (12.0, 88.0, False),
    }
    latitudes, longitudes, expected = map(np.array, zip(*places.values(), strict=True))
    assert is_land(latitudes, longitudes).tolist() == expected.tolist()
    assert 0.28 < land_raster().mean() < 0.38


def test_forest_types_lie_where_they_grow(land_cells):
    cells, percent = land_cells
    forest = percent.sum(axis=0) >= 10
    assert forest.sum() >= 8000
    assert percent.sum(axis=0).max() <= 100
    counts = np.bincount(cells.kind[forest], minlength=6)
    assert (counts[1:] > 300).all()

    def commonest(south: float, north: float, west: float, east: float) -> int:
        inside = (cells.latitudes > south) & (cells.latitudes < north) & forest
        inside &= (cells.longitudes > west) & (cells.longitudes < east)
        assert inside.sum() > 10
        return np.bincount(cells.kind[inside]).argmax()

    assert FOREST_TYPES[commonest(-6, 2, -70, -58) - 1] == "EBF"  # Amazon
    assert FOREST_TYPES[commonest(-3, 3, 15, 27) - 1] == "EBF"  # Congo
    assert FOREST_TYPES[commonest(52, 60, -110, -70) - 1] == "ENF"  # Canada
    assert FOREST_TYPES[commonest(61, 67, 110, 140) - 1] == "DNF"  # East Siberia
    assert FOREST_TYPES[commonest(34, 42, -88, -75) - 1] == "DBF"  # Eastern US
    desert = (np.abs(cells.latitudes - 23) < 4) & (np.abs(cells.longitudes - 10) < 15)
    assert not forest[desert].any()


def test_same_seed_same_bytes_other_seed_others(truths):
    again = true_year(GRID, 2003, seed=SEED, planet=PlanetSettings())
    assert again.identical(truths[2003])
    other = true_year(GRID, 2003, seed=SEED + 1, planet=PlanetSettings())
    assert not np.array_equal(other["gpp"], again["gpp"], equal_nan=True)


def test_a_cell_is_the_same_alone_and_among_others(land_cells):
    cells, _ = land_cells
    whole = carbon_year(cells, 2010, seed=SEED, planet=PLANET)
    for chosen in ([4321], [17, 4321, 9000], list(range(3000, 3777))):
        few, _ = forest_cells(
            cells.latitudes[chosen], cells.longitudes[chosen], seed=SEED
        )
        part = carbon_year(few, 2010, seed=SEED, planet=PLANET)
        np.testing.assert_array_equal(part.gpp, whole.gpp[chosen])
        np.testing.assert_array_equal(part.reco, whole.reco[chosen])
        np.testing.assert_array_equal(part.absorbed, whole.absorbed[chosen])


def test_truth_has_the_contract_and_closes(truths):
    truth = truths[2003]
    assert truth.sizes == {"y": 90, "x": 180}
    assert truth["y"].values[0] == 89
    assert truth["x"].values[0] == -179
    for name in ("gpp", "reco", "nee", "planted_slope", "forest_fraction"):
        assert truth[name].dtype == "float32"
    assert truth["disturbed"].dtype == truth["forest_type"].dtype == "uint8"
    np.testing.assert_array_equal(truth["nee"], truth["reco"] - truth["gpp"])
    typed = truth["forest_type"] > 0
    assert ((truth["forest_fraction"] > 0) == typed).all()


@pytest.mark.parametrize(
    ("name", "gpp_low", "gpp_high"),
    [
        ("ENF", 850, 1450),
        ("EBF", 2400, 3300),
        ("DNF", 550, 1000),
        ("DBF", 1200, 1900),
        ("MF", 1100, 1700),
    ],
)
def test_fluxes_of_a_type_are_plausible(truths, name, gpp_low, gpp_high):
    truth = truths[2003]
    code = FOREST_TYPES.index(name) + 1
    inside = (truth["forest_type"] == code) & (truth["forest_fraction"] >= 0.1)
    inside &= truth["disturbed"] == 0
    gpp, nee = truth["gpp"].where(inside), truth["nee"].where(inside)
    assert gpp_low < float(gpp.mean()) < gpp_high
    assert -400 < float(nee.mean()) < -80
    assert float(gpp.min()) > 0
    assert float(gpp.max()) < 5000


def test_disturbed_share_and_years(truths):
    first, last = truths[2003], truths[2020]
    forest = first["forest_type"].values > 0
    assert first["disturbed"].values.sum() == 0
    share = last["disturbed"].values[forest].mean()
    assert share == pytest.approx(PLANET.disturbed_share, abs=0.012)
    assert last["disturbed"].values[~forest].sum() == 0
    flags = np.stack([truths[year]["disturbed"].values for year in sorted(truths)])
    assert (np.diff(flags.astype(int), axis=0) >= 0).all()


def test_disturbance_raises_nee_and_lowers_gpp(truths):
    before, after = truths[2003], truths[2012]
    quiet = PlanetSettings(disturbed_share=0.0)
    undisturbed = true_year(GRID, 2012, seed=SEED, planet=quiet)
    recent = truths[2011]["disturbed"].values < after["disturbed"].values
    struck = recent & (before["gpp"].values > 300)
    assert struck.sum() >= 2
    assert (after["gpp"].values < 0.5 * undisturbed["gpp"].values)[struck].all()
    assert (after["nee"].values > undisturbed["nee"].values)[struck].all()
    assert (after["nee"].values[struck] > 0).mean() > 0.8
    others = after["disturbed"].values == 0
    np.testing.assert_array_equal(
        after["gpp"].values[others], undisturbed["gpp"].values[others]
    )


def test_planted_slope_is_recovered_when_weather_averages_out(truths):
    years = np.array(sorted(truths))
    gpp = np.stack([truths[year]["gpp"].values for year in years])
    last = truths[2020]
    inside = (last["forest_fraction"].values >= 0.1) & (last["disturbed"].values == 0)
    centred = (years - years.mean()).astype(float)
    slopes = np.tensordot(centred, gpp[:, inside], 1) / (centred**2).sum()
    planted = last["planted_slope"].values[inside]
    assert planted.mean() > 3
    assert slopes.mean() == pytest.approx(planted.mean(), rel=0.25)
    assert np.corrcoef(slopes, planted)[0, 1] > 0.2


def test_without_greening_the_same_weather_gives_the_difference_that_was_planted():
    still = PlanetSettings(greening_percent_per_decade=0.0)
    for year, years_from_pivot in ((2003, -7.5), (2018, 7.5), (2025, 9.5)):
        green = true_year(GRID, year, seed=SEED, planet=PLANET)
        plain = true_year(GRID, year, seed=SEED, planet=still)
        inside = green["forest_fraction"].values >= 0.1
        inside &= green["disturbed"].values == 0
        share = green["gpp"].values[inside] / plain["gpp"].values[inside] - 1
        latitude = np.broadcast_to(GRID.latitudes()[:, None], GRID.shape)[inside]
        tropics, north = np.abs(latitude) < 5, np.abs(latitude) > 65
        expected = 0.004 * years_from_pivot
        assert share[tropics].mean() == pytest.approx(0.6 * expected, rel=0.05)
        assert share[north].mean() == pytest.approx(1.4 * expected, rel=0.05)
        assert (plain["planted_slope"].values[inside] == 0).all()


def test_warm_spring_nights_make_larch_grow():
    latitudes = np.linspace(56, 66, 60)
    longitudes = np.linspace(100, 140, 60)
    larch = cells_of_kind(latitudes, longitudes, np.full(60, DNF), seed=SEED)
    calm = PlanetSettings(greening_percent_per_decade=0.0, disturbed_share=0.0)
    years = [carbon_year(larch, y, seed=SEED, planet=calm) for y in range(2001, 2016)]
    nights = np.stack([y.weather.night[:, 7:19].mean(axis=1) for y in years])
    factor = np.stack([spring_factor(y.weather) for y in years])
    gpp = np.stack([y.gpp for y in years])
    anomalies = [value - value.mean(axis=0) for value in (nights, gpp)]
    assert np.corrcoef(anomalies[0].ravel(), anomalies[1].ravel())[0, 1] > 0.6
    assert factor.min() > 0.55
    assert factor.max() < 1.45


def test_simulated_sites_are_a_tower_table():
    sites = simulated_sites()
    assert list(sites.columns) == ["site", "lat", "lon", "igbp"]
    assert sites["site"].is_unique
    assert sites["site"].is_monotonic_increasing
    assert set(sites["igbp"]) <= {*FOREST_TYPES, *OTHER_CLASSES}
    forest = sites["igbp"].isin(FOREST_TYPES)
    assert 100 <= forest.sum() <= 120
    assert 30 <= (~forest).sum() <= 40
    assert (sites["igbp"] == "DNF").sum() >= 3
    assert is_land(sites["lat"].to_numpy(), sites["lon"].to_numpy()).mean() > (0.9)


def test_site_years_close_and_follow_the_truth():
    sites = simulated_sites()
    table = simulated_site_years(
        sites, seed=SEED, planet=PlanetSettings(), years=(2001, 2018)
    )
    columns = ["site", "year", "gpp", "reco", "nee", "nee_qc"]
    assert list(table.columns) == columns
    assert not table.duplicated(["site", "year"]).any()
    assert (table["reco"] - table["gpp"] - table["nee"]).abs().max() < 0.011
    lengths = table.groupby("site").size()
    assert set(lengths.index) == set(sites["site"])
    assert lengths.min() >= 3
    assert lengths.max() <= 12
    bad = table["nee_qc"] < 0.5
    assert 0.04 < bad.mean() < 0.13
    assert table.loc[bad, "nee_qc"].between(0.1, 0.45).all()
    assert table.loc[~bad, "nee_qc"].between(0.6, 0.99).all()
    cells = cells_of_kind(
        sites["lat"].to_numpy(), sites["lon"].to_numpy(), kinds_of(sites), seed=SEED
    )
    truth = carbon_year(cells, 2010, seed=SEED, planet=PLANET)
    good = table[(table["year"] == 2010) & ~bad].set_index("site")
    rows = sites.set_index("site").index.get_indexer(good.index)
    assert (good["gpp"] / truth.gpp[rows] - 1).std() == pytest.approx(0.06, abs=0.02)
    assert (good["nee"] - truth.nee[rows]).std() == pytest.approx(40, abs=15)


def test_a_tower_record_does_not_depend_on_its_neighbours():
    sites = simulated_sites()
    options = {"seed": SEED, "planet": PLANET, "years": (2003, 2010)}
    whole = simulated_site_years(sites, **options)
    alone = simulated_site_years(sites.iloc[[40]], **options)
    name = sites["site"].iloc[40]
    expected = whole[whole["site"] == name].reset_index(drop=True)
    assert alone.equals(expected)


def compare_years(planet: PlanetSettings, year: int = 2018):
    """Carbon of boreal evergreen cells with what is planted, and without anything."""
    latitudes, longitudes = np.linspace(55, 65, 80), np.linspace(20, 60, 80)
    cells = cells_of_kind(latitudes, longitudes, np.full(80, 1), seed=SEED)
    still = PlanetSettings(greening_percent_per_decade=0.0, disturbed_share=0.0)
    planted = still.model_copy(
        update=planet.model_dump(include=planet.model_fields_set)
    )
    if "unseen" in planet.model_fields_set:
        planted = planted.model_copy(update={"unseen": planet.unseen})
    return [
        carbon_year(cells, year, seed=SEED, planet=each) for each in (planted, still)
    ]


def test_co2_feeds_gpp_and_the_canopy_does_not_show_it():
    fed, still = compare_years(PlanetSettings(co2_percent_per_decade=3.0))
    np.testing.assert_allclose(fed.gpp / still.gpp, 1 + 0.003 * 7.5)
    np.testing.assert_array_equal(fed.absorbed, still.absorbed)
    # The soil follows with 0.6 of the growth, so that the sink grows less than GPP.
    assert (fed.nee < still.nee).all()
    assert (still.nee - fed.nee < 0.5 * (fed.gpp - still.gpp)).all()


def test_warming_is_in_the_weather_that_sensors_see():
    warm, still = compare_years(PlanetSettings(warming_k_per_decade=0.4))
    difference = warm.weather.temperature - still.weather.temperature
    np.testing.assert_allclose(difference, 0.4 * 0.75)
    assert (warm.reco > still.reco).all()


def test_single_years_vary_by_what_is_not_seen():
    unseen = UnseenSettings(management=0.05, soil_years=0.1)
    ratios = []
    for year in range(2003, 2019):
        odd, still = compare_years(PlanetSettings(unseen=unseen), year)
        np.testing.assert_array_equal(odd.absorbed, still.absorbed)
        ratios.append(odd.gpp / still.gpp)
    assert np.std(ratios) == pytest.approx(0.05, rel=0.25)
    # Half of it is the same for neighbours.
    together = np.corrcoef(np.array(ratios)[:, [0, 1]].T)[0, 1]
    assert 0.05 < together < 0.95


def test_a_buffered_forest_responds_less_to_its_weather():
    def spread(buffering: float) -> float:
        planet = PlanetSettings(unseen=UnseenSettings(buffering=buffering))
        years = [compare_years(planet, year)[0].gpp for year in range(2003, 2013)]
        return float(np.std(years, axis=0).mean())

    assert spread(0.5) == pytest.approx(0.5 * spread(0.0), rel=0.1)
    assert spread(1.0) < 0.05 * spread(0.0)


def test_the_year_before_acts_late():
    late, still = compare_years(PlanetSettings(unseen=UnseenSettings(late_weather=0.5)))
    np.testing.assert_array_equal(late.gpp, still.gpp)
    assert 0.001 < np.std(late.reco / still.reco) < 0.1


def test_towers_keep_their_own_errors():
    sites = simulated_sites()
    unseen = UnseenSettings(tower_gpp=0.15, tower_nee=200.0)
    kept, plain = (
        simulated_site_years(sites, seed=SEED, planet=planet, years=(2003, 2012))
        for planet in (PlanetSettings(unseen=unseen), PlanetSettings())
    )
    good = plain["nee_qc"] > 0.5
    difference = (kept["nee"] - plain["nee"])[good].groupby(plain["site"])
    assert difference.mean().std() == pytest.approx(200, rel=0.2)
    np.testing.assert_allclose(difference.std().dropna(), 0, atol=0.02)
    factor = (kept["gpp"] / plain["gpp"])[good].groupby(plain["site"]).mean()
    assert factor.std() == pytest.approx(0.15, rel=0.2)
