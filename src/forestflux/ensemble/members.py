"""Trained members on disk: weights, predictions of unseen rows, and the record of both."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from forestflux.core.input_errors import InputError
from forestflux.ensemble.weight_files import read_arrays
from forestflux.jobs.checksums import checksum_folder
from forestflux.jobs.manifests import Key, Manifest, read_manifest
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.models.cross_validation import FOLD_PREDICTIONS
from forestflux.models.network_inputs import Scales
from forestflux.models.network_regressor import NetworkRegressor

RECORD, WEIGHTS, PREDICTIONS = "member.json", "weights.safetensors", "predictions.csv"


class MemberManifest(Manifest):
    """What is known of a trained member.

    Attributes
    ----------
    build_key : checksum of everything that it is made from
    checksum : of weights and predictions
    normalisation, flux_scale : of its training rows
    variables : that it reads, in their order
    """

    build_key: str
    checksum: str
    normalisation: Scales
    flux_scale: Scales
    variables: tuple[str, ...]


class MembersManifest(Manifest):
    """What a job trained: the checksum of each member by its folder."""

    members: dict[Key, str]


def read_member(folder: Path, settings: TrainSettings) -> NetworkRegressor:
    """The trained network of a member's folder.

    Parameters
    ----------
    settings : section `train` of the configuration

    Raises
    ------
    InputError : the record or the weights are missing, damaged or of another network
    """
    record = read_manifest(folder / RECORD, MemberManifest)
    return NetworkRegressor.from_weights(
        settings,
        variables=record.variables,
        normalisation=record.normalisation.to_normalisation(),
        flux_scale=record.flux_scale.to_normalisation(),
        weights=read_arrays(folder / WEIGHTS),
        source=folder / WEIGHTS,
    )


def verify_member(folder: Path) -> MemberManifest:
    """The record of a member whose weights and predictions are as its job wrote them.

    Raises
    ------
    InputError : a file is missing, damaged, edited or of another member
    """
    record = read_manifest(folder / RECORD, MemberManifest)
    if checksum_member(folder) != record.checksum:
        raise InputError(
            folder,
            variable="checksum",
            expected="weights and predictions as their job wrote them",
            found="others; to have them made again, delete the manifest of the job"
            " and run again",
        )
    return record


def checksum_member(folder: Path) -> str:
    """Checksum of a member's weights and predictions."""
    files = [folder / name for name in (WEIGHTS, PREDICTIONS)]
    for file in files:
        if not file.is_file():
            raise InputError(
                folder, variable="member", expected=file.name, found="no such file"
            )
    return checksum_folder(files, folder)


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
    """Folders of the members that jobs list, in the order of their names.

    Raises
    ------
    InputError : a member is not the one that its job recorded
    """
    folders: list[Path] = []
    for manifest in manifests:
        for name, wanted in read_manifest(manifest, MembersManifest).members.items():
            folder = manifest.parent / name
            found = verify_member(folder).checksum
            if found != wanted:
                raise InputError(
                    folder,
                    variable="checksum",
                    expected=f"{wanted}, as {manifest.name} has it",
                    found=found,
                )
            folders.append(folder)
    return sorted(folders)


def read_predictions(manifests: Iterable[Path]) -> list[pd.DataFrame]:
    """Predictions of every member that jobs list; without holdout towers some have no rows."""
    return [
        FOLD_PREDICTIONS.read_file(folder / PREDICTIONS, empty=True)
        for folder in member_folders(manifests)
    ]
