"""Reading what a trained model says of its errors, without its networks."""

from pathlib import Path

from forestflux.ensemble.errors.error_components import ErrorComponents, FluxErrors
from forestflux.ensemble.model_record import ModelRecord, read_model_record
from forestflux.models.years.response import Response


def read_errors(file: Path) -> tuple[FluxErrors, Response | None]:
    """Error components by flux, and the response, of a `model.json`.

    Raises
    ------
    InputError : as `forestflux.ensemble.model_record.read_model_record`
    """
    record = read_model_record(file)
    response = record.response
    return (
        take_errors(record),
        Response.from_dict(response.model_dump()) if response else None,
    )


def take_errors(record: ModelRecord) -> FluxErrors:
    """The error components of a record."""
    return {
        flux: ErrorComponents.from_dict(each.model_dump())
        for flux, each in record.errors.items()
    }
