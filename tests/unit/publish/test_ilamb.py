"""ILAMB itself reads the file that is written for it, where it is installed."""

import numpy as np
import pytest

from forestflux.core.grids.grid import Grid
from forestflux.core.names import FLUXES
from tests.builders.month_products import make_months, publish_made_months
from tests.builders.year_products import make_map

ilamb = pytest.importorskip(
    "ILAMB.Variable", reason="ILAMB is not installed (pip install ilamb; it needs MPI)"
)

GRID = Grid(resolution_deg=6.0, tile_cells=30)
YEAR = 2004


@pytest.fixture(scope="module")
def months():
    return make_months(make_map(GRID, year=YEAR), GRID)


@pytest.fixture(scope="module")
def file(months, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ilamb")
    mapped = make_map(GRID, year=YEAR)
    product = publish_made_months(mapped, months, GRID, folder, ilamb=True)
    return next(product.glob("*_ilamb.nc"))


@pytest.mark.parametrize("flux", FLUXES)
def test_ilamb_finds_rates_with_bounds_in_a_unit_that_it_converts(file, months, flux):
    found = ilamb.Variable(filename=str(file), variable_name=flux)
    assert found.unit == "kg m-2 s-1"
    assert (found.temporal, found.spatial) == (True, True)
    # ILAMB counts years of 365 days, and its rows run from the south.
    assert np.diff(found.time_bnds, axis=1).sum() == 365
    assert found.lat_bnds[0].tolist() == [-90, -84]
    assert found.lon_bnds[0].tolist() == [-180, -174]
    found.convert("g m-2 d-1")
    days = np.array([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    sums = found.data.filled(np.nan)[:, ::-1] * days[:, None, None]
    np.testing.assert_allclose(sums, months[flux], rtol=1e-5, atol=1e-4)
