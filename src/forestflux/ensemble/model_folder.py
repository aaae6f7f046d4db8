"""The trained model: a folder that gives fluxes with intervals and needs no more."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from forestflux.core.eight_day import STEP_DAYS, STEPS
from forestflux.core.errors import InputError
from forestflux.core.names import FLUX_UNIT
from forestflux.ensemble.applicability import Applicability
from forestflux.ensemble.conformal import Calibration
from forestflux.ensemble.errors.error_components import ErrorComponents, FluxErrors
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.ensemble.weight_files import read_arrays, write_arrays
from forestflux.jobs.checksums import checksum_folder
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.jobs.small_files import read_json, write_json
from forestflux.models.network_inputs import TYPES, Normalisation
from forestflux.models.network_regressor import NetworkRegressor
from forestflux.models.years.response import Response

# 6: the components of the errors and the covariance of the response are part of the model.
# Folders of another version are refused: what is in them would be read wrongly.
FORMAT_VERSION = 6
APPLICABILITY = "applicability.safetensors"
CALENDAR = {"steps": STEPS, "step_days": STEP_DAYS, "first_day": "01-01"}


def save_model(
    folder: Path,
    members: Sequence[NetworkRegressor],
    *,
    response: Response | None,
    calibration: dict[str, Any],
    errors: FluxErrors,
    applicability: Applicability,
    units: Mapping[str, str],
    metadata: dict[str, Any],
) -> None:
    """Write `member{m}.safetensors`, `applicability.safetensors` and last `model.json`.

    Parameters
    ----------
    folder : made if it is not there
    members : trained on the same rows, hence with the same scales
    response : with coefficients for each member; None where years differ like places
    calibration : what `forestflux.ensemble.conformal.calibrate` gives: nominal coverage and
        half-widths, gC m-2 yr-1
    errors : components of the errors of the fluxes
    applicability : of these members
    units : of each input series
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
    (folder / "model.json").unlink(missing_ok=True)
    names = [f"member{index}.safetensors" for index in range(len(members))]
    for name, member in zip(names, members, strict=True):
        write_arrays(folder / name, member.weights())
    write_arrays(folder / APPLICABILITY, applicability.to_arrays())
    content = {
        "format_version": FORMAT_VERSION,
        "calendar": CALENDAR,
        "variables": list(first.variables),
        "units": {name: units[name] for name in first.variables},
        "forest_types": list(TYPES),
        "settings": first.settings.model_dump(mode="json"),
        "normalisation": first.normalisation.to_dict(),
        "flux_scale": first.flux_scale.to_dict(),
        "flux_unit": FLUX_UNIT,
        "response": response.to_dict() if response else None,
        "calibration": calibration,
        "errors": {flux: each.to_dict() for flux, each in errors.items()},
        "members": names,
        "applicability": {"file": APPLICABILITY, "threshold": applicability.threshold},
        "checksum": checksum_folder(
            [folder / n for n in (*names, APPLICABILITY)], folder
        ),
        "metadata": metadata,
    }
    write_json(folder / "model.json", content)


def load_model(path: Path | str) -> Ensemble:
    """The model of a folder, or of its `model.json`.

    Raises
    ------
    InputError : a file is missing or damaged; format, calendar or forest types are
        not those of this code, or a series has no unit
    """
    path = Path(path)
    record = path if path.suffix == ".json" else path / "model.json"
    content = read_json(record)
    check_record(content, record)
    settings = TrainSettings.model_validate_json(json.dumps(content["settings"]))
    scales = {
        key: Normalisation.from_dict(content[key])
        for key in ("normalisation", "flux_scale")
    }
    files = [record.parent / name for name in content["members"]]
    reference = record.parent / content["applicability"]["file"]
    check_weights([*files, reference], record, content["checksum"])
    members = []
    for file in files:
        members.append(
            NetworkRegressor.from_weights(
                settings,
                variables=tuple(content["variables"]),
                weights=read_arrays(file),
                **scales,
            )
        )
    applicability = Applicability.from_arrays(read_arrays(reference))
    return Ensemble(
        members,
        response=(
            Response.from_dict(content["response"]) if content["response"] else None
        ),
        calibration=Calibration.from_dict(content["calibration"]),
        errors={
            flux: ErrorComponents.from_dict(each)
            for flux, each in content["errors"].items()
        },
        applicability=applicability,
        inputs={name: content["units"][name] for name in content["variables"]},
        metadata=content["metadata"],
    )


def check_record(content: dict[str, Any], record: Path) -> None:
    """Refuse a model whose numbers would mean something else to this code."""
    variables, units = content.get("variables", []), content.get("units", {})
    if sorted(variables) != sorted(units):
        raise InputError(
            record,
            variable="variables",
            expected=f"the series that have units: {json.dumps(sorted(units))}",
            found=json.dumps(variables),
        )
    wanted = {
        "format_version": FORMAT_VERSION,
        "calendar": CALENDAR,
        "forest_types": list(TYPES),
        "flux_unit": FLUX_UNIT,
    }
    for key, value in wanted.items():
        if content.get(key) != value:
            raise InputError(
                record,
                variable=key,
                expected=json.dumps(value),
                found=json.dumps(content.get(key)),
            )


def check_weights(files: list[Path], record: Path, checksum: str) -> None:
    """Refuse weights that are not the ones that the record was written for."""
    for file in files:
        if not file.is_file():
            raise InputError(
                record, variable="members", expected=f"{file.name}", found="no file"
            )
    found = checksum_folder(files, record.parent)
    if found != checksum:
        raise InputError(
            record,
            variable="checksum",
            expected=f"weights of checksum {checksum}",
            found=found,
        )
