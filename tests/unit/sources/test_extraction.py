"""What extraction says about towers whose class is not the land cover around them."""

import numpy as np
import pandas as pd

from forestflux.core.grids.places import TowerPlace
from forestflux.sources.extraction import other_classes


def test_towers_in_other_land_cover_are_named():
    sites = {"site": ["A", "B", "C"], "igbp": ["ENF", "MF", "WET"]}
    place = TowerPlace(pd.DataFrame(sites | {"lat": 0.0, "lon": 0.0}))
    windows = np.zeros((3, 25), "uint8")
    windows[0] = 1
    windows[1, :12], windows[1, 12:] = 5, 8
    windows[2] = 255  # the archive's fill
    lines = list(other_classes(windows.reshape(1, 15, 5), place))
    assert lines == [
        "B is MF in the table of towers, but land cover is WSA in 13 of 25 pixels"
    ]
