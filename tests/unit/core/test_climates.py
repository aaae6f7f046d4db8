"""Climates by latitude: each bound belongs to the climate further from the equator."""

import numpy as np

from forestflux.core.climates import climate_of


def test_both_hemispheres_share_their_bounds():
    lat = np.array([0.0, -23.4, 23.5, -23.5, 49.9, 50.0, -50.0, 90.0])
    expected = ["tropical"] * 2 + ["temperate"] * 3 + ["boreal"] * 3
    assert climate_of(lat).tolist() == expected
