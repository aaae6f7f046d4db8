"""Months by latitude, against sums worked out cell by cell."""

import numpy as np
import pytest

from forestflux.change.month_zones import MONTH_ZONES, tabulate_month_zones
from forestflux.core.grids.grid import Grid
from forestflux.jobs.stores.store import write_store
from tests.builders.month_products import make_months
from tests.builders.year_products import make_map

GRID = Grid(resolution_deg=15.0, tile_cells=12)


def test_zones_have_the_mean_of_their_forest_by_area_over_all_years(tmp_path):
    stores: dict[str, dict] = {"months": {}, "maps": {}}
    amount, area = np.zeros(12), 0.0
    for year in (2003, 2004):
        mapped = make_map(GRID, year=year, seed=year)
        months = make_months(mapped, GRID, seed=year)
        forest = (mapped["forest_fraction"] * mapped["cell_area"]).values[0:2]
        values = np.nan_to_num(months["gpp"].values[:, 0:2])
        amount += (values * forest).sum(axis=(1, 2))
        area += forest.sum()
        for name, dataset in (("months", months), ("maps", mapped)):
            stores[name][year] = tmp_path / f"{name}{year}.zarr"
            write_store(dataset, stores[name][year])
    table = tabulate_month_zones(stores["months"], stores["maps"], width_deg=30.0)
    assert list(table) == MONTH_ZONES.names
    north = table[table["latitude"] == 75.0]
    assert north["month"].tolist() == list(range(1, 13))
    np.testing.assert_allclose(north["gpp"], amount / area)
    assert north["forest_area"].iloc[0] == pytest.approx(area / 2)
    np.testing.assert_allclose(
        table["nee"], table["reco"] - table["gpp"], rtol=1e-4, atol=1e-3
    )


def test_zones_without_forest_are_left_out(tmp_path):
    mapped = make_map(GRID)
    bare = mapped["y"] < -60
    for name in ("gpp", "reco", "nee"):
        mapped[name] = mapped[name].where(~bare)
    months = make_months(mapped, GRID)
    for name, dataset in (("months", months), ("maps", mapped)):
        write_store(dataset, tmp_path / f"{name}.zarr")
    table = tabulate_month_zones(
        {2003: tmp_path / "months.zarr"}, {2003: tmp_path / "maps.zarr"}, width_deg=30.0
    )
    assert table["latitude"].min() == -45.0
