"""The tiles of a run follow from its region, as many as can be planned."""

import pytest

from forestflux.core.input_errors import InputError
from forestflux.jobs.configuration import Configuration, read_configuration
from forestflux.jobs.mapped_grid import choose_tiles


def configure(region: object, **grid: object) -> Configuration:
    """A configuration with a region."""
    content = {"run": "test", "seed": 1, "years": [2003, 2018]}
    return read_configuration(content | {"region": region, "grid": grid})


def test_the_tiles_of_several_regions_are_each_there_once():
    grid = {"resolution_deg": 1.0, "tile_cells": 10}
    both = choose_tiles(configure(["Finland", "Sweden"], **grid))
    alone = [choose_tiles(configure(name, **grid)) for name in ("FI", "SE")]
    assert set(both.only) == {*alone[0].only, *alone[1].only}
    assert len(set(both.only)) == len(both.only) < sum(len(a.only) for a in alone)
    assert (both.resolution_deg, both.tile_cells) == (1.0, 10)


def test_a_fine_globe_is_too_many_tiles_and_a_region_of_it_is_not():
    fine = {"resolution_deg": 0.005, "tile_cells": 20}
    assert len(choose_tiles(configure("Luxembourg", **fine)).only) < 100
    with pytest.raises(InputError, match="tiles of which 100000 or fewer cover the g"):
        configure([], **fine)
    with pytest.raises(
        InputError, match=r"tile_cells: expected tiles .* hold the regi"
    ):
        choose_tiles(configure("Russia", **fine))
