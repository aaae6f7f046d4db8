"""The season network beside the trained model: `season.json` and `season.safetensors`.

It is a file of its own in the model's folder, because the fluxes of the year do not depend on it:
with or without months the networks of the year, their record and their maps are the same.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, FiniteFloat, model_validator

from forestflux.core.calendars.months import MONTHS
from forestflux.core.input_errors import InputError
from forestflux.core.names import FOREST_TYPES, TARGET_FLUXES
from forestflux.core.reading.typed_input import FrozenModel
from forestflux.ensemble.intervals.month_intervals import MonthCalibration
from forestflux.ensemble.model_folder import check_file
from forestflux.ensemble.model_record import POOLED, ArrayFile, Width
from forestflux.ensemble.trained_season import TrainedSeason
from forestflux.ensemble.weight_files import read_arrays, write_arrays
from forestflux.jobs.checksums import checksum_files
from forestflux.jobs.manifests import Key, Manifest, read_manifest, write_manifest
from forestflux.jobs.settings.flux_settings import SeasonSettings
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.models.network_inputs import Scales
from forestflux.models.seasons.season_regressor import SeasonRegressor

SEASON_RECORD, SEASON_WEIGHTS = "season.json", "season.safetensors"
SEASON_FORMAT = 1


class MonthCalibrationRecord(FrozenModel):
    """A `MonthCalibration`; a half-width of null is infinite."""

    level: Annotated[FiniteFloat, Field(gt=0, lt=1)]
    half_width: dict[
        str,
        dict[
            str,
            Annotated[tuple[Width, ...], Field(min_length=MONTHS, max_length=MONTHS)],
        ],
    ]

    @model_validator(mode="after")
    def has_every_target(self) -> Self:
        """Refuse a target without half-widths, and half-widths of something else."""
        if set(self.half_width) != set(TARGET_FLUXES):
            raise ValueError(f"half-widths of {', '.join(TARGET_FLUXES)}")
        for widths in self.half_width.values():
            if POOLED not in widths or set(widths) - {POOLED, *FOREST_TYPES}:
                raise ValueError(f"half-widths of {POOLED}, and of forest types only")
        return self


class SeasonRecord(Manifest):
    """What is known of a trained season network.

    Attributes
    ----------
    format_version : of this form
    variables, units : that it reads, in their order, and the unit of each
    settings, train : sections `fluxes.season` and `train`
    normalisation : of the variables and the derived series
    calibration : of the intervals of a month
    file, checksum : of the weights
    samples : checksums of the training table's stores, as the model's metadata has them
    site_years, sites : with months, that taught it
    """

    format_version: int
    variables: tuple[str, ...]
    units: dict[str, str]
    settings: SeasonSettings
    train: TrainSettings
    normalisation: Scales
    calibration: MonthCalibrationRecord
    file: ArrayFile
    checksum: str
    samples: dict[Key, str]
    site_years: int
    sites: int

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        """Refuse another form, and scales of other series."""
        if self.format_version != SEASON_FORMAT:
            raise ValueError(f"format_version {SEASON_FORMAT}")
        if sorted(self.units) != sorted(self.variables):
            raise ValueError(f"variables that have units, {sorted(self.units)}")
        if self.normalisation.variables != (*self.variables, *self.train.derived):
            raise ValueError("a normalisation of the variables and derived series")
        return self


def save_season(
    folder: Path,
    season: TrainedSeason,
    *,
    samples: dict[str, str],
    site_years: int,
    sites: int,
) -> None:
    """Write `season.safetensors` and last `season.json`.

    Parameters
    ----------
    folder : of the trained model, made if it is not there
    samples, site_years, sites : as in `SeasonRecord`
    """
    folder.mkdir(parents=True, exist_ok=True)
    record, weights = folder / SEASON_RECORD, folder / SEASON_WEIGHTS
    record.unlink(missing_ok=True)
    regressor = season.network
    write_arrays(weights, regressor.weights())
    content = {
        "format_version": SEASON_FORMAT,
        "variables": regressor.variables,
        "units": dict(season.inputs),
        "settings": regressor.settings.model_dump(mode="json"),
        "train": regressor.train.model_dump(mode="json"),
        "normalisation": asdict(regressor.normalisation),
        "calibration": season.calibration.to_dict(),
        "file": SEASON_WEIGHTS,
        "checksum": checksum_files([weights]),
        "samples": samples,
        "site_years": site_years,
        "sites": sites,
    }
    write_manifest(record, SeasonRecord.read(content, record))


def load_season(path: Path | str) -> TrainedSeason:
    """The season in a model's folder.

    Parameters
    ----------
    path : the folder, `results/RUN/model`

    Raises
    ------
    InputError : a file is missing, damaged, edited or of another network
    """
    folder = Path(path)
    file = folder / SEASON_RECORD
    if not file.is_file():
        raise InputError(
            file,
            variable="season",
            expected="the season of a run with fluxes.months: true",
            found="no such file",
        )
    record = read_manifest(file, SeasonRecord)
    weights = folder / record.file
    check_file(weights, record.checksum)
    network = SeasonRegressor.from_weights(
        record.settings,
        record.train,
        variables=record.variables,
        normalisation=record.normalisation.to_normalisation(),
        weights=read_arrays(weights),
        source=weights,
    )
    calibration = MonthCalibration.from_dict(record.calibration.model_dump())
    inputs = {name: record.units[name] for name in record.variables}
    return TrainedSeason(network, calibration, inputs)
