"""Reading what a trained model says of its errors, without its networks."""

from pathlib import Path

from forestflux.core.errors import InputError
from forestflux.ensemble.errors.error_components import ErrorComponents, FluxErrors
from forestflux.jobs.small_files import read_json
from forestflux.models.years.response import Response


def read_errors(record: Path) -> tuple[FluxErrors, Response | None]:
    """Error components by flux, and the response, of a `model.json`.

    Raises
    ------
    InputError : the file is missing or damaged, or of a version that did not know errors
    """
    content = read_json(record)
    if not content.get("errors"):
        raise InputError(
            record,
            variable="errors",
            expected="components of the errors of each flux",
            found="none",
        )
    errors = {
        flux: ErrorComponents.from_dict(each)
        for flux, each in content["errors"].items()
    }
    response = content["response"]
    return errors, Response.from_dict(response) if response else None
