"""Trained members on disk: weights, predictions of unseen rows, and the record of both."""

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from forestflux.ensemble.weight_files import read_arrays
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.jobs.small_files import read_json
from forestflux.models.cross_validation import FOLD_PREDICTIONS
from forestflux.models.network_inputs import Normalisation
from forestflux.models.network_regressor import NetworkRegressor

RECORD, WEIGHTS, PREDICTIONS = "member.json", "weights.safetensors", "predictions.csv"


def read_member(folder: Path, settings: TrainSettings) -> NetworkRegressor:
    """The trained network of a member's folder.

    Parameters
    ----------
    settings : section `train` of the configuration
    """
    record = read_json(folder / RECORD)
    return NetworkRegressor.from_weights(
        settings,
        variables=tuple(record["variables"]),
        normalisation=Normalisation.from_dict(record["normalisation"]),
        flux_scale=Normalisation.from_dict(record["flux_scale"]),
        weights=read_arrays(folder / WEIGHTS),
    )


def read_ensembles(
    manifests: Iterable[Path], settings: TrainSettings
) -> dict[tuple[str, int], list[NetworkRegressor]]:
    """The trained networks of every split and fold that jobs list.

    Parameters
    ----------
    settings : section `train` of the configuration
    """
    ensembles: dict[tuple[str, int], list[NetworkRegressor]] = {}
    for folder in member_folders(manifests):
        split, fold = folder.parts[-3], int(folder.parts[-2].removeprefix("fold"))
        ensembles.setdefault((split, fold), []).append(read_member(folder, settings))
    return ensembles


def member_folders(manifests: Iterable[Path]) -> list[Path]:
    """Folders of the members that jobs list, in the order of their names."""
    folders: list[Path] = []
    for manifest in manifests:
        names = json.loads(manifest.read_text())["members"]
        folders += [manifest.parent / name for name in names]
    return sorted(folders)


def read_predictions(manifests: Iterable[Path]) -> list[pd.DataFrame]:
    """Predictions of every member that jobs list."""
    return [
        FOLD_PREDICTIONS.read_file(folder / PREDICTIONS, empty=True)
        for folder in member_folders(manifests)
    ]
