"""A small masked tile whose every value says where it is."""

import numpy as np
import xarray as xr

from forestflux.core.calendars.eight_day import STEPS, step_starts
from tests.builders.inputs import UNITS, VARIABLES


def make_masked() -> xr.Dataset:
    """Two rows of three cells; variable v holds v + cell / 10 on every step."""
    cells = np.arange(6).reshape(2, 3)
    series = {
        name: (
            ("time", "y", "x"),
            np.broadcast_to(position + cells / 10, (STEPS, 2, 3)).astype("float32"),
            {"units": UNITS[name]},
        )
        for position, name in enumerate(VARIABLES)
    }
    return xr.Dataset(
        {
            **series,
            "gap_fraction": (
                ("variable", "y", "x"),
                np.stack([np.full((2, 3), share) for share in (0, 0, 0, 0, 0.3, 0.6)]),
            ),
            "forest_fraction": (("y", "x"), np.array([[0.5, 0, 0.04], [0.05, 1, 0.9]])),
            "forest_type": (("y", "x"), np.array([[1, 0, 2], [2, 5, 3]], "uint8")),
        },
        coords={"time": step_starts(2003), "y": [50.5, 49.5], "x": [7.5, 8.5, 9.5]},
    )
