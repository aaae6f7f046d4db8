"""What is planted between a product and its successor is found in the year that both cover."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forestflux.core.grids.grid import Grid
from forestflux.core.grids.places import TilePlace, TowerPlace
from forestflux.core.names import LAND_COVER
from forestflux.core.product_tables.handovers import list_handovers
from forestflux.core.product_tables.product_table import read_products
from forestflux.jobs.settings.source_settings import SourceSettings
from forestflux.prepare.handover_table import (
    HANDOVERS,
    describe_row,
    describe_rows,
    join_places,
    measure_handovers,
    summarise,
)
from forestflux.sources.simulated import simulated_source
from forestflux.sources.simulated.simulated_towers import simulated_sites
from tests.builders.paths import PRODUCTS

SOURCE = simulated_source.open_source(SourceSettings(seed=2019))
TABLE = read_products(PRODUCTS, successors={"ndvi": 2023, "evi": 2023})
SHARED = {"ndvi": 2022, "evi": 2022}
# What config/alternates.yaml plants.
PLANTED = {"ndvi": 0.015, "evi": 0.010}


def planted(handover, add):
    """A handover to a product that is higher by a stored number."""
    after = handover.after
    simulation = after.extract.simulation.model_copy(update={"add": add})
    extract = after.extract.model_copy(update={"simulation": simulation})
    return replace(handover, after=after.model_copy(update={"extract": extract}))


def measured(place, *, add=None):
    column = TABLE.column(place.column)
    handovers = list_handovers(column, SHARED)
    if add is not None:
        handovers = [planted(handover, add) for handover in handovers]
    cover = {} if isinstance(place, TowerPlace) else {LAND_COVER: column[LAND_COVER]}
    table = measure_handovers(
        SOURCE, place, handovers, cover=cover, year=2022, min_valid_share=0.3
    )
    return table.set_index("variable")


def finland():
    return TilePlace(Grid(0.05, 20).tile("r28c204"))


def towers():
    return TowerPlace(simulated_sites().head(40))


@pytest.mark.parametrize("place", [finland(), towers()], ids=["map", "towers"])
def test_the_planted_difference_is_found(place):
    found = measured(place)
    where = "towers" if isinstance(place, TowerPlace) else "map"
    assert set(found["where"]) == {where}
    for variable, wanted in PLANTED.items():
        assert found.loc[variable, "difference"] == pytest.approx(wanted, abs=1e-3)
        assert found.loc[variable, "spread"] < 0.004
    assert (found["shared_year"] == 2022).all()
    if where == "map":
        assert 0 < found["cells"].max() <= 400


@pytest.mark.parametrize("add", [0, -700])
def test_whatever_is_planted_is_found_and_nothing_else(add):
    found = measured(towers(), add=add)
    np.testing.assert_allclose(found["difference"], add / 10000, atol=2e-3)


def test_cells_count_by_the_steps_in_which_both_have_a_value():
    difference = np.array(
        [[[1.0, np.nan, 5.0]], [[3.0, np.nan, np.nan]], [[2.0, np.nan, np.nan]]]
    )
    found = summarise(difference)
    assert found == {"difference": 3.5, "spread": 1.5, "cells": 2}
    assert summarise(difference[:, :, 1:2])["cells"] == 0


def row(difference, spread, cells, **values):
    content = {
        "variable": "ndvi",
        "where": "map",
        "before": "A",
        "after": "B",
        "first_year": 2023,
        "shared_year": 2022,
        "difference": difference,
        "spread": spread,
        "cells": cells,
        "unit": "1",
    }
    return pd.DataFrame([content | values], columns=HANDOVERS.names)


def test_places_join_as_if_their_cells_were_of_one():
    cells = np.random.default_rng(0).normal(0.01, 0.02, 100)
    parts = [cells[:10], cells[10:40], cells[40:]]
    tables = [row(part.mean(), part.std(), len(part)) for part in parts]
    joined = join_places(
        [*tables, row(np.nan, np.nan, 0), row(0.5, 0, 3, where="towers")]
    )
    assert joined["where"].tolist() == ["map", "towers"]
    assert joined["cells"].tolist() == [100, 3]
    assert joined["difference"][0] == pytest.approx(cells.mean())
    assert joined["spread"][0] == pytest.approx(cells.std())


def test_a_row_is_told_in_a_sentence():
    (line,) = describe_rows(row(-0.0153, 0.004, 1234))
    assert line == (
        "ndvi is of A up to 2022 and of B from 2023 on; in 2022, which both cover, the"
        " second is 0.0153 lower in the mean of 1234 cells of forest, which differ by 0.004"
    )
    kelvins = row(2.5, 1.0, 7, unit="K", where="towers").iloc[0]
    assert "2.5 K higher in the mean of 7 towers, which differ by 1 K" in (
        describe_row(kelvins)
    )
    assert "no cells of forest have a value of both" in (
        describe_row(row(np.nan, np.nan, 0).iloc[0])
    )
