"""Errors of totals against errors that are drawn cell by cell."""

import numpy as np
import pytest
import xarray as xr

from forestflux.change.errors.error_model import ErrorModel
from forestflux.change.errors.square_sums import (
    join_squares,
    number_squares,
    sum_squares,
)
from forestflux.change.errors.total_errors import TotalErrors, collect_total_errors
from forestflux.change.errors.year_weights import weigh_difference, weigh_slope
from forestflux.change.strata.divisions import divide_grid, group_cells, list_strata
from forestflux.core.grids.distances import measure_distances
from forestflux.core.grids.grid import Grid
from forestflux.ensemble.errors.correlogram import Correlogram
from forestflux.jobs.settings.change_settings import LatitudeBandSettings
from forestflux.jobs.stores.store import write_store
from forestflux.models.years.response import Response
from tests.builders.error_models import make_components, make_error_model, make_errors

GRID = Grid(2.0, 90)
YEARS = np.arange(2003, 2019)
BANDS = (
    LatitudeBandSettings(name="north", south=0, north=90),
    LatitudeBandSettings(name="south", south=-90, north=0),
)
# A share of 0.6 with a length of 1000 km.
REGIONAL = Correlogram((0.0, 0.0, 0.6, 0.0, 0.0))


class Forest:
    """A forest in the north with its strata: area and type of every cell of the grid."""

    def __init__(self) -> None:
        """Cells at random between 40 and 60 degrees north."""
        rng = np.random.default_rng(2)
        lat, lon = GRID.latitudes(), GRID.longitudes()
        self.lat, self.lon = np.repeat(lat, len(lon)), np.tile(lon, len(lat))
        inside = (self.lat > 40) & (self.lat < 60) & (self.lon > 0) & (self.lon < 90)
        self.area = np.where(inside, rng.uniform(0.2, 1, len(inside)), 0.0) * 1e10
        self.types = rng.integers(1, 4, len(inside))
        self.divisions = divide_grid(lat, lon, bands=BANDS)
        self.strata = list_strata(self.divisions)

    def position(self, name: str) -> int:
        """Position of a stratum."""
        return [stratum[0] for stratum in self.strata].index(name)

    def sum_squares(self, rows: slice):
        """Sums of a block of rows."""
        cells = slice(rows.start * GRID.shape[1], rows.stop * GRID.shape[1])
        count = cells.stop - cells.start
        groups = group_cells(self.divisions, rows, np.zeros(count, "uint8"))
        return sum_squares(
            self.area[cells],
            self.types[cells],
            number_squares(self.lat[cells], self.lon[cells]),
            groups,
        )

    def errors(self, model: ErrorModel, shift: np.ndarray | None = None) -> TotalErrors:
        """Errors of totals of this forest, the same in all years."""
        sums = join_squares(
            [self.sum_squares(slice(0, 45)), self.sum_squares(slice(45, 90))]
        )
        area = np.stack([each.sum(axis=1) for each in sums.area]).sum(axis=0)
        none = np.zeros((len(YEARS), 0, len(self.strata)))
        return collect_total_errors(
            model,
            sums,
            years=YEARS,
            area=np.broadcast_to(area, (len(YEARS), len(area))),
            departures=none if shift is None else shift,
        )


@pytest.fixture(scope="module")
def forest() -> Forest:
    return Forest()


def draw_sums(forest: Forest, stratum: str, sd: float) -> np.ndarray:
    """Sums of area times error of a stratum in many draws, PgC yr-1."""
    own = forest.area > 0
    if stratum != "all":
        own &= forest.types == ["ENF", "EBF", "DNF", "DBF", "MF"].index(stratum) + 1
    # Cells are two degrees wide: what decays within 50 km is hardly shared by two of them.
    correlation = REGIONAL.correlate(
        measure_distances(forest.lat[own], forest.lon[own])
    )
    root = np.linalg.cholesky(correlation + 1e-9 * np.eye(own.sum()))
    draws = root @ np.random.default_rng(1).standard_normal((own.sum(), 4000))
    return sd * forest.area[own] @ draws * 1e-15


@pytest.mark.parametrize("stratum", ["all", "EBF"])
def test_correlated_errors_of_cells_add_up(forest: Forest, stratum: str):
    components = make_components(level_sd=100.0, correlogram=REGIONAL)
    errors = forest.errors(make_error_model(GRID, components=components))
    one_year = np.eye(len(YEARS))[0]
    found = np.sqrt(errors.variance(one_year)[0, forest.position(stratum)])
    assert found == pytest.approx(draw_sums(forest, stratum, 100.0).std(), rel=0.06)


def test_what_a_type_has_in_common_adds_up_within_it_alone(forest: Forest):
    components = make_components(type_sd=10.0)
    errors = forest.errors(make_error_model(GRID, components=components))
    found = np.sqrt(errors.variance(np.eye(len(YEARS))[0])[0])
    areas = np.bincount(forest.types, forest.area, 6)[1:4]
    names = ("ENF", "EBF", "DNF")
    for name, area in zip(names, areas, strict=True):
        assert found[forest.position(name)] == pytest.approx(10 * area * 1e-15)
    whole = 10 * np.sqrt((areas**2).sum()) * 1e-15
    assert found[forest.position("all")] == pytest.approx(whole)


def test_level_errors_cancel_and_trends_do_not(forest: Forest):
    components = make_components(level_sd=100.0, type_sd=50.0, trend_sd=2.0)
    errors = forest.errors(make_error_model(GRID, components=components))
    area = forest.area.sum() * 1e-15
    for weights, expected in (
        (weigh_difference(YEARS, [2003], [2018]), 2.0 * 15),
        (weigh_difference(YEARS, [2003, 2004], [2017, 2018]), 2.0 * 14),
        (weigh_slope(YEARS), 2.0),
    ):
        found = np.sqrt(errors.variance(weights)[1, forest.position("all")])
        assert found == pytest.approx(expected * area)
    assert np.isnan(errors.variance(weigh_difference(YEARS, [], [2018]))).all()


def test_errors_of_years_that_last_average_out_slowly(forest: Forest):
    def spread(autocorrelation: float) -> float:
        components = make_components(year_sd=50.0, autocorrelation=autocorrelation)
        errors = forest.errors(make_error_model(GRID, components=components))
        mean = np.full(len(YEARS), 1 / len(YEARS))
        return float(np.sqrt(errors.variance(mean)[0, forest.position("all")]))

    alone = spread(0.0)
    lag = np.abs(np.subtract.outer(YEARS, YEARS))
    assert spread(0.6) == pytest.approx(alone * np.sqrt((0.6**lag).mean() * 16))


def test_the_response_is_shared_by_all_places(forest: Forest):
    """Two departures that rise everywhere alike; the error is that of the coefficients."""
    covariance = np.array([[4.0, 1.0], [1.0, 9.0]])
    whole = np.zeros((2, 2, 2, 2))
    whole[0, :, 0], whole[1, :, 1] = covariance, 4 * covariance
    whole[0, :, 1] = whole[1, :, 0] = -covariance
    zeros = np.zeros((2, 2))
    response = Response(np.ones(2), zeros, np.ones(2), zeros[None], whole)
    area = np.zeros(len(forest.strata))
    area[forest.position("all")] = forest.area.sum()
    step = (YEARS == 2018).astype(float)
    shift = step[:, None, None] * np.array([2.0, -1.0])[:, None] * area
    model = make_error_model(GRID, response=response)
    errors = forest.errors(model, shift)
    weights = weigh_difference(YEARS, [2003], [2018])
    gpp, reco, nee = errors.variance(weights)[:, forest.position("all")]
    unit = (forest.area.sum() * 1e-15) ** 2
    one = 4 * 4 - 2 * 2 * 1 + 9
    assert gpp == pytest.approx(one * unit)
    assert nee == pytest.approx(4 * one * unit)
    # RECO = GPP + NEE: 1 + 4 - 2 of the same.
    assert reco == pytest.approx(3 * one * unit)


def test_departures_of_cells_are_read_from_their_tiles(tmp_path):
    grid = Grid(30.0, 3)
    rng = np.random.default_rng(4)
    values = rng.normal(size=(3, 2, *grid.shape)).astype("float32")
    paths = {}
    for tile in grid.tiles():
        paths[tile.name] = tmp_path / f"{tile.name}.zarr"
        write_store(
            xr.Dataset(
                {
                    "departure": (
                        ("year", "variable", "y", "x"),
                        values[..., tile.rows, tile.columns],
                    )
                },
                coords={
                    "year": [2003, 2004, 2005],
                    "variable": ["heat", "rain"],
                    "y": tile.latitudes(),
                    "x": tile.longitudes(),
                },
            ),
            paths[tile.name],
        )
    zeros = np.zeros((2, 2))
    scale = np.array([2.0, 4.0])
    response = Response(scale, zeros, np.ones(2), zeros[None], np.zeros((2, 2, 2, 2)))
    model = ErrorModel(make_errors(), response, paths, grid)
    positions = np.array([0, 5, 13, 23])
    found = model.read_departures(slice(2, 4), positions, [2005, 2003])
    rows = values[..., 2:4, :].reshape(3, 2, -1)[[2, 0]]
    np.testing.assert_array_equal(found, rows[..., positions] / scale[:, None])
