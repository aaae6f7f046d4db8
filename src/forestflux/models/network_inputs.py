"""What every model is given: aligned seasons, derived series, scales, forest types."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Self

import numpy as np
from pydantic import Field, FiniteFloat, model_validator

from forestflux.core.calendars.eight_day import STEPS
from forestflux.core.calendars.radiation import radiation
from forestflux.core.input_errors import InputError
from forestflux.core.names import FOREST_TYPES
from forestflux.core.reading.typed_input import FrozenModel

HALF_YEAR = STEPS // 2
# The forest types and one class for every other tower: those train, they are not
# scored.
TYPES = (*FOREST_TYPES, "other")


def align_season(values: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """A copy of (sample, ..., step) with southern years shifted by half a year.

    A pattern then means the same on both hemispheres: summer lies in the middle. Half of
    46 steps is a whole number, so to align twice gives the calendar order again. An
    aligned southern year has a seam in its middle, from December to the January before:
    the price of staying within the year for which the flux is known.

    Parameters
    ----------
    values : (sample, ..., step), calendar order
    lat : (sample,), degrees north
    """
    aligned = np.array(values)
    south = np.asarray(lat) < 0
    aligned[south] = np.roll(aligned[south], HALF_YEAR, axis=-1)
    return aligned


def add_derived(
    series: np.ndarray, lat: np.ndarray, derived: Sequence[str]
) -> np.ndarray:
    """Series float32 (sample, variable, step) with those appended that a place determines.

    Parameters
    ----------
    series : (sample, variable, step), calendar order
    lat : (sample,), degrees north
    derived : names of the series to append: `radiation`; they never have gaps

    Raises
    ------
    InputError : an unknown name
    """
    extra = []
    for name in derived:
        if name != "radiation":
            raise InputError(
                "configuration",
                variable="train.derived",
                expected="some of radiation",
                found=name,
            )
        # Cells of a row share a latitude, and the formula is not cheap.
        unique, place = np.unique(np.asarray(lat, float), return_inverse=True)
        extra.append(radiation(unique)[place][:, None])
    return np.concatenate([series, *extra], axis=1).astype("float32")


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation of each variable, from training rows only.

    Attributes
    ----------
    variables : names along the axis of the variables
    mean, sd : one number per variable, in its unit; the mean is None of a variable that
        no training row has, which is then a gap in every row
    """

    variables: tuple[str, ...]
    mean: tuple[float | None, ...]
    sd: tuple[float, ...]

    @classmethod
    def of(cls, series: np.ndarray, variables: Sequence[str]) -> "Normalisation":
        """The scales of series (sample, variable, ...); gaps do not count.

        Raises
        ------
        InputError : no variable has any value
        """
        if not np.isfinite(series).any():
            names = ", ".join(variables)
            raise InputError(
                "samples", variable=names, expected="some values", found="gaps only"
            )
        mean, sd = [], []
        for index in range(len(variables)):
            values = series[:, index].astype("float64")
            values = values[np.isfinite(values)]
            mean.append(float(values.mean()) if values.size else None)
            # A constant variable (one training site) must not divide by zero.
            sd.append((float(values.std()) if values.size else 0.0) or 1.0)
        return cls(tuple(variables), tuple(mean), tuple(sd))

    def apply(self, series: np.ndarray) -> np.ndarray:
        """Series (sample, variable, ...) in standard deviations; gaps stay NaN."""
        return (series - self._column(self.mean, series)) / self._column(
            self.sd, series
        )

    def undo(self, series: np.ndarray) -> np.ndarray:
        """Series (sample, variable, ...) in their units again."""
        return series * self._column(self.sd, series) + self._column(self.mean, series)

    @staticmethod
    def _column(numbers: tuple[float | None, ...], series: np.ndarray) -> np.ndarray:
        shape = (1, -1) + (1,) * (series.ndim - 2)
        # None becomes NaN: values of a variable that was never learnt turn into gaps.
        return np.asarray(numbers, dtype=series.dtype).reshape(shape)


class Scales(FrozenModel):
    """A `Normalisation` as JSON holds it."""

    variables: tuple[str, ...]
    mean: tuple[FiniteFloat | None, ...]
    sd: tuple[Annotated[FiniteFloat, Field(gt=0)], ...]

    @model_validator(mode="after")
    def one_number_each(self) -> Self:
        """Refuse lists of different lengths."""
        lengths = len(self.variables), len(self.mean), len(self.sd)
        if len(set(lengths)) > 1:
            raise ValueError("one mean and one sd for each of variables")
        return self

    @classmethod
    def of(cls, scales: Normalisation) -> Self:
        """What JSON can hold of scales."""
        return cls(**asdict(scales))

    def to_normalisation(self) -> Normalisation:
        """The scales themselves."""
        return Normalisation(self.variables, self.mean, self.sd)


def type_positions(forest_type: np.ndarray) -> np.ndarray:
    """Position in `TYPES` (sample,) of forest type codes: 1-5 are forest types, 0 the rest."""
    codes = np.asarray(forest_type).astype(int)
    return np.where(codes > 0, codes - 1, len(FOREST_TYPES))


def one_hot_types(forest_type: np.ndarray) -> np.ndarray:
    """Forest type codes as float32 (sample, type), one column per entry of `TYPES`."""
    return np.eye(len(TYPES), dtype="float32")[type_positions(forest_type)]
