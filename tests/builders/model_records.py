"""Records of trained models whose files are not there."""

from forestflux.core.names import FLUXES
from forestflux.ensemble.errors.error_components import FluxErrors
from forestflux.ensemble.model_record import MEANING, ModelRecord
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.models.years.response import Response
from tests.builders.error_models import make_errors
from tests.builders.inputs import RANGES, UNITS, VARIABLES

SERIES = (*VARIABLES, *TrainSettings().derived)


def build_model_record(
    *, errors: FluxErrors | None = None, response: Response | None = None
) -> ModelRecord:
    """The record of a model, of one member without a response; its files are not there."""
    count = len(response.members) if response else 1
    files = [f"member{number}.safetensors" for number in range(count)]
    files.append("applicability.safetensors")
    content = MEANING | {
        "variables": VARIABLES,
        "units": UNITS,
        "ranges": RANGES,
        "settings": TrainSettings().model_dump(mode="json"),
        "normalisation": {
            "variables": SERIES,
            "mean": [0.5, 0.5, 0.5, 285, 285, 0.5, 25],
            "sd": [0.2, 0.2, 0.2, 4, 4, 0.2, 10],
        },
        "flux_scale": {"variables": FLUXES, "mean": [1, 1, 0], "sd": [1, 1, 1]},
        "response": response.to_dict() if response else None,
        "errors": {f: each.to_dict() for f, each in (errors or make_errors()).items()},
        "calibration": {
            "level": 0.9,
            "half_width": {"gpp": {"all": 400.0}, "nee": {"all": None}},
        },
        "members": files[:-1],
        "applicability": {"file": files[-1], "threshold": 0.5},
        "checksums": dict.fromkeys(files, "0"),
        "metadata": {"run": "test"},
    }
    return ModelRecord.read(content, "model.json")
