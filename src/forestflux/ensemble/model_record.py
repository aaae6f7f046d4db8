"""The record of a trained model, `model.json`: its form, and what has to fit together in it.

The record carries the checksum of every other file of the model and, as its seal, that of all that
stands in itself. So nothing that decides a number can change unnoticed.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field, FiniteFloat, StringConstraints, model_validator

from forestflux.core.calendars.eight_day import STEP_DAYS, STEPS
from forestflux.core.input_errors import InputError
from forestflux.core.names import FLUX_UNIT, FLUXES, FOREST_TYPES, TARGET_FLUXES
from forestflux.core.reading.typed_input import FrozenModel
from forestflux.jobs.manifests import Manifest, read_manifest
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.jobs.small_files import read_json
from forestflux.models.network_inputs import TYPES, Scales

# 7: the activation of the convolutional block is ReLU; before, the same weights meant SiLU. Folders
# of another version are refused: what is in them would be read wrongly.
FORMAT_VERSION = 7
# Key of the half-width of forest types that have too few sites for one of their own.
POOLED = "all"
# What a number of the model means to this code.
MEANING = {
    "format_version": FORMAT_VERSION,
    "calendar": {"steps": STEPS, "step_days": STEP_DAYS, "first_day": "01-01"},
    "forest_types": list(TYPES),
    "flux_unit": FLUX_UNIT,
}
ArrayFile = Annotated[str, StringConstraints(pattern=r"^\w+\.safetensors$")]
Positive = Annotated[FiniteFloat, Field(gt=0)]
Width = Annotated[FiniteFloat, Field(ge=0)] | None
Spread = Annotated[FiniteFloat, Field(ge=0)]
Row = tuple[FiniteFloat, ...]


class CalendarRecord(FrozenModel):
    """Steps of a year, their days, and the day on which the first one begins."""

    steps: int
    step_days: int
    first_day: str


class ResponseRecord(FrozenModel):
    """A `forestflux.models.years.response.Response`; a penalty of null is infinite."""

    scale: tuple[Positive, ...]
    coefficients: tuple[Row, ...]
    penalty: tuple[Positive | None, ...]
    members: tuple[tuple[Row, ...], ...]
    covariance: tuple[tuple[tuple[Row, ...], ...], ...]


class CorrelogramRecord(FrozenModel):
    """A `forestflux.ensemble.errors.correlogram.Correlogram`."""

    shares: Row


class ErrorRecord(FrozenModel):
    """A `forestflux.ensemble.errors.error_components.ErrorComponents`."""

    level_sd: dict[str, Spread]
    type_sd: dict[str, Spread]
    level_correlation: CorrelogramRecord
    trend_sd: Spread
    year_sd: Spread
    year_correlation: CorrelogramRecord
    autocorrelation: Annotated[FiniteFloat, Field(ge=0, lt=1)]
    clusters: Annotated[int, Field(ge=1)]


class WideningRecord(FrozenModel):
    """A `forestflux.ensemble.intervals.gap_widening.GapWidening`."""

    hidden: Row
    shares: Row
    thinned: Row


class CalibrationRecord(FrozenModel):
    """A `forestflux.ensemble.intervals.conformal.Calibration`; a half-width of null is infinite."""

    level: Annotated[FiniteFloat, Field(gt=0, lt=1)]
    half_width: dict[str, dict[str, Width]]
    widening: dict[str, WideningRecord] = Field(default_factory=dict)

    @model_validator(mode="after")
    def has_every_target(self) -> Self:
        """Refuse a target without a half-width, and half-widths of something else."""
        if set(self.half_width) != set(TARGET_FLUXES):
            raise ValueError(f"half-widths of {', '.join(TARGET_FLUXES)}")
        for widths in self.half_width.values():
            if POOLED not in widths or set(widths) - {POOLED, *FOREST_TYPES}:
                raise ValueError(f"a half-width of {POOLED}, and of forest types only")
        return self

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """What JSON can hold of a calibration, which may have infinite half-widths."""
        widths = {
            target: {
                name: width if math.isfinite(width) else None
                for name, width in widths.items()
            }
            for target, widths in content["half_width"].items()
        }
        return cls(
            level=content["level"],
            half_width=widths,
            widening={
                target: WideningRecord(**each)
                for target, each in content.get("widening", {}).items()
            },
        )


class ApplicabilityRecord(FrozenModel):
    """The file of the area of applicability, and the largest index inside."""

    file: ArrayFile
    threshold: FiniteFloat


class ModelRecord(Manifest):
    """What is known of a trained model.

    Attributes
    ----------
    variables, units, ranges : the input series in their order, the unit of each, and the least
        and greatest value that it can have; null where that is not known
    settings : section `train` with which the members were trained
    normalisation, flux_scale : of variables with derived series, and of the fluxes
    response : None where years are taken to differ like places
    errors : components of the error of each flux
    members, applicability : their files
    checksums : of each of these files
    metadata : whatever belongs to the record: run, checksum of the data, versions
    """

    format_version: int
    calendar: CalendarRecord
    variables: tuple[str, ...]
    units: dict[str, str]
    ranges: dict[str, tuple[FiniteFloat, FiniteFloat] | None]
    forest_types: tuple[str, ...]
    settings: TrainSettings
    normalisation: Scales
    flux_scale: Scales
    flux_unit: str
    response: ResponseRecord | None
    calibration: CalibrationRecord
    errors: dict[str, ErrorRecord]
    members: Annotated[tuple[ArrayFile, ...], Field(min_length=1)]
    applicability: ApplicabilityRecord
    checksums: dict[ArrayFile, str]
    metadata: dict[str, Any]

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        """Refuse parts of different models in one record."""
        names, files = self.variables, (*self.members, self.applicability.file)
        if not sorted(names) == sorted(self.units) == sorted(self.ranges):
            raise ValueError(f"variables that have units, {sorted(self.units)}")
        if self.normalisation.variables != (*names, *self.settings.derived):
            raise ValueError("a normalisation of the variables and derived series")
        if self.flux_scale.variables != FLUXES or None in self.flux_scale.mean:
            raise ValueError(f"a flux_scale of {', '.join(FLUXES)}")
        if len(set(files)) < len(files) or set(self.checksums) != set(files):
            raise ValueError("one checksum for the file of each member and the other")
        if set(self.errors) != set(FLUXES):
            raise ValueError(f"errors of {', '.join(FLUXES)}")
        if self.response is not None:
            check_response(self.response, len(self.members), len(names))
        return self


def check_response(response: ResponseRecord, members: int, variables: int) -> None:
    """Refuse coefficients that are not those of so many members and variables."""
    targets = len(TARGET_FLUXES)
    sheets = (response.coefficients, *response.members)
    if (
        len(response.scale) != variables
        or len(response.penalty) != targets
        or len(response.members) != members
        or any(len(sheet) != targets for sheet in sheets)
        or any(len(row) != variables for sheet in sheets for row in sheet)
        or np.shape(response.covariance) != 2 * (targets, variables)
    ):
        raise ValueError(
            f"a response of {members} members, {targets} targets, {variables} variables"
        )


def read_model_record(path: Path) -> ModelRecord:
    """The record of a model, after it is found to be whole and to mean what this code means.

    Parameters
    ----------
    path : `model.json`

    Raises
    ------
    InputError : the file is missing, damaged, edited, of another form or of another
        version; calendar, forest types or unit are not those of this code
    """
    content = read_json(path)
    for key, wanted in MEANING.items():
        if content.get(key) != wanted:
            raise InputError(
                path,
                variable=key,
                expected=json.dumps(wanted),
                found=json.dumps(content.get(key)),
            )
    return read_manifest(path, ModelRecord)
