"""The trained model: a folder that gives fluxes with intervals and needs no more."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from forestflux.core.input_errors import InputError
from forestflux.ensemble.applicability import Applicability
from forestflux.ensemble.dissimilarity import count_features
from forestflux.ensemble.errors.error_components import FluxErrors
from forestflux.ensemble.errors.error_reading import take_errors
from forestflux.ensemble.intervals.conformal import Calibration
from forestflux.ensemble.model_record import (
    MEANING,
    CalibrationRecord,
    ModelRecord,
    read_model_record,
)
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.ensemble.weight_files import read_arrays, write_arrays
from forestflux.jobs.checksums import checksum_files
from forestflux.jobs.manifests import write_manifest
from forestflux.models.network_regressor import NetworkRegressor, check_arrays
from forestflux.models.years.response import Response

RECORD, APPLICABILITY = "model.json", "applicability.safetensors"


def save_model(
    folder: Path,
    members: Sequence[NetworkRegressor],
    *,
    response: Response | None,
    calibration: dict[str, Any],
    errors: FluxErrors,
    applicability: Applicability,
    units: Mapping[str, str],
    ranges: Mapping[str, tuple[float, float] | None],
    metadata: dict[str, Any],
) -> None:
    """Write `member{m}.safetensors`, `applicability.safetensors` and last `model.json`.

    Parameters
    ----------
    folder : made if it is not there
    members : trained on the same rows, hence with the same scales
    response : with coefficients for each member; None where years differ like places
    calibration : what `forestflux.ensemble.intervals.conformal.calibrate` gives: nominal
        coverage and half-widths, gC m-2 yr-1
    errors : components of the errors of the fluxes
    applicability : of these members
    units, ranges : of each input series, and the least and greatest value that it can have
    metadata : whatever belongs to the record: run, checksum of the data, versions; JSON

    Raises
    ------
    ValueError : members with different scales or settings
    """
    first = members[0]
    for member in members:
        if (member.normalisation, member.flux_scale, member.settings) != (
            first.normalisation,
            first.flux_scale,
            first.settings,
        ):
            raise ValueError("members of one model share their scales and settings")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RECORD).unlink(missing_ok=True)
    names = [f"member{index}.safetensors" for index in range(len(members))]
    for name, member in zip(names, members, strict=True):
        write_arrays(folder / name, member.weights())
    write_arrays(folder / APPLICABILITY, applicability.to_arrays())
    files = (*names, APPLICABILITY)
    record = ModelRecord.read(
        MEANING
        | {
            "variables": first.variables,
            "units": {name: units[name] for name in first.variables},
            "ranges": {name: ranges[name] for name in first.variables},
            "settings": first.settings.model_dump(mode="json"),
            "normalisation": asdict(first.normalisation),
            "flux_scale": asdict(first.flux_scale),
            "response": response.to_dict() if response else None,
            "errors": {flux: each.to_dict() for flux, each in errors.items()},
            "calibration": CalibrationRecord.of(calibration).model_dump(),
            "members": names,
            "applicability": {
                "file": APPLICABILITY,
                "threshold": applicability.threshold,
            },
            "checksums": {name: checksum_files([folder / name]) for name in files},
            "metadata": metadata,
        },
        folder / RECORD,
    )
    write_manifest(folder / RECORD, record)


def load_model(path: Path | str) -> Ensemble:
    """The model of a folder, or of its `model.json`.

    Raises
    ------
    InputError : a file is missing, damaged, edited or of another model; format, calendar
        or forest types are not those of this code; an array has another shape or holds
        what is no number
    """
    path = Path(path)
    file = path if path.suffix == ".json" else path / RECORD
    if not file.is_file():
        raise InputError(
            path,
            variable="model",
            expected=f"the folder of a trained model, with {RECORD} (results/RUN/model)",
            found="a folder without it" if path.is_dir() else "no such folder",
        )
    record = read_model_record(file)
    for name, wanted in record.checksums.items():
        check_file(file.parent / name, wanted)
    scales = {
        "normalisation": record.normalisation.to_normalisation(),
        "flux_scale": record.flux_scale.to_normalisation(),
    }
    members = []
    for name in record.members:
        weights = file.parent / name
        members.append(
            NetworkRegressor.from_weights(
                record.settings,
                variables=record.variables,
                weights=read_arrays(weights),
                source=weights,
                **scales,
            )
        )
    return Ensemble(
        members,
        response=(
            Response.from_dict(record.response.model_dump())
            if record.response
            else None
        ),
        calibration=Calibration.from_dict(record.calibration.model_dump()),
        errors=take_errors(record),
        applicability=read_applicability(
            file.parent / record.applicability.file,
            features=count_features(len(record.normalisation.variables)),
            threshold=record.applicability.threshold,
        ),
        inputs={name: record.units[name] for name in record.variables},
        ranges=record.ranges,
        metadata=record.metadata,
    )


def check_file(path: Path, wanted: str) -> None:
    """Refuse a file of a model that is not the one that its record was written for."""
    if not path.is_file():
        raise InputError(
            path, variable="file", expected="a file of the model", found="nothing"
        )
    found = checksum_files([path])
    if found != wanted:
        raise InputError(
            path,
            variable="checksum",
            expected=f"{wanted}, as {RECORD} has it",
            found=found,
        )


def read_applicability(path: Path, *, features: int, threshold: float) -> Applicability:
    """The area of applicability of a model, after its arrays are checked.

    Parameters
    ----------
    path : of the arrays
    features : numbers that describe a sample
    threshold : largest index inside, as the record has it

    Raises
    ------
    InputError : an array is missing, of another shape, or holds what is no number
    """
    arrays = read_arrays(path)
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(
        ("mean", "factor", "share"), (features,)
    )
    shapes |= dict.fromkeys(("mean_distance", "threshold"), ())
    rows = arrays["points"].shape[:1] if "points" in arrays else ()
    shapes["points"] = (max((1, *rows)), features)
    # Unknown coordinates of points are NaN.
    check_arrays(arrays, shapes, dtype="float64", source=path, gaps=("points",))
    if float(arrays["threshold"]) != threshold:
        raise InputError(
            path,
            variable="threshold",
            expected=f"{threshold}, as {RECORD} has it",
            found=str(arrays["threshold"]),
        )
    return Applicability.from_arrays(arrays)
