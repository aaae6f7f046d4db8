"""What an analysis of change is made of, the same for every block of rows."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forestflux.change.errors.error_model import ErrorModel
from forestflux.change.strata.divisions import Division
from forestflux.change.year_windows import YearWindow


@dataclass(frozen=True)
class ChangePlan:
    """Maps, years, strata and errors of an analysis.

    Attributes
    ----------
    maps : map store by year
    years : mapped years in order
    pair : first and second year
    windows : earlier and later window
    divisions : of the maps; the last one is the change of the forest
    zones : zone of every row of the maps (y,), counted from the North Pole
    stable_within : change of the forest fraction up to which a cell is stable, 0-1
    errors : of the maps
    co2 : effect of CO2 that is in the maps
    """

    maps: dict[int, Path]
    years: list[int]
    pair: tuple[int, int]
    windows: tuple[YearWindow, YearWindow]
    divisions: list[Division]
    zones: np.ndarray
    stable_within: float
    errors: ErrorModel
    co2: str = "none"
