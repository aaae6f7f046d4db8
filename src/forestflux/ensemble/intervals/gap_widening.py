"""How much wider an interval is where inputs are missing.

An estimate from half of the inputs is worse than one from all of them. How much worse is measured
at towers that the networks had not seen, with gaps put into their series: whole series that are
hidden, and single values that are.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class GapWidening:
    """Factors on the half-width of an interval; 1 where nothing is missing.

    Attributes
    ----------
    hidden : factor by the number of series without any value (number,), rising
    shares : share of gaps among the values of the other series (knot,), rising from 0
    thinned : factor at these shares (knot,), rising from 1; between them it is interpolated
    """

    hidden: tuple[float, ...]
    shares: tuple[float, ...]
    thinned: tuple[float, ...]

    def factor(self, hidden_series: np.ndarray, gap_fraction: np.ndarray) -> np.ndarray:
        """Factor (sample,) on the half-width.

        Parameters
        ----------
        hidden_series : number of series without any value (sample,)
        gap_fraction : share of gaps among all values (sample,), 0-1
        """
        most = len(self.hidden) - 1
        hidden = np.minimum(hidden_series, most).astype(int)
        # The largest number is that of all series but one.
        series = most + 1
        left = np.maximum(series - hidden, 1)
        thin = np.clip((gap_fraction * series - hidden) / left, 0, 1)
        thinned = np.interp(thin, self.shares, self.thinned)
        return np.array(self.hidden)[hidden] * thinned

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; `GapWidening.from_dict` reads them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "GapWidening":
        """The factors from plain numbers."""
        return cls(**{name: tuple(values) for name, values in content.items()})
