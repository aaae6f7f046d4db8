"""Folders of small trained models."""

from collections.abc import Mapping
from pathlib import Path

from forestflux.ensemble.model_folder import save_model
from forestflux.models.network_training import train_network
from tests.builders.error_models import make_errors
from tests.builders.inputs import RANGES, UNITS
from tests.builders.small_training import (
    make_applicability,
    make_response,
    make_samples,
    settings,
)


def write_small_model(
    folder: Path, *, calibration: Mapping[str, object], metadata: Mapping[str, object]
) -> Path:
    """The folder, with two networks that a few samples taught."""
    samples = make_samples()
    members = [
        train_network(samples, settings=settings(), seed=seed) for seed in (1, 2)
    ]
    save_model(
        folder,
        members,
        response=make_response(2),
        calibration=dict(calibration),
        errors=make_errors(),
        applicability=make_applicability(members),
        units=UNITS,
        ranges=RANGES,
        metadata=dict(metadata),
    )
    return folder
