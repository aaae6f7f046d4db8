"""Members of the ensemble on disk: weights and predictions, and last the record."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.core.names import NETWORK
from forestflux.ensemble.model_folder import write_weights
from forestflux.jobs.store import checksum_folder, make_build_key, read_json, write_json
from forestflux.jobs.tables import write_table
from forestflux.models.cross_validation import run_fold
from forestflux.models.flux_model import Estimator
from forestflux.models.network_inputs import Normalisation
from forestflux.models.network_training import NetworkEstimator, member_seed
from forestflux.prepare.folds import split_rows
from forestflux.prepare.sample_table import Samples, UnlabelledSeries

RECORD = "member.json"
FILES = ("weights.npz", "predictions.csv")


class WithUnlabelled:
    """The network as an `Estimator` that also learns from series without labels."""

    def __init__(self, settings: dict, unlabelled: UnlabelledSeries) -> None:
        self.network = NetworkEstimator(settings)
        self.unlabelled = unlabelled

    def fit(self, samples: Samples, *, seed: int) -> Estimator:
        """The fitted network."""
        return self.network.fit(samples, seed=seed, unlabelled=self.unlabelled)


def train_member(
    folder: Path,
    samples: Samples,
    unlabelled: UnlabelledSeries,
    *,
    split: str,
    fold: int,
    member: int,
    settings: dict,
    build_key: list,
) -> str:
    """Checksum of a member's weights and predictions, trained unless its folder has them already.

    Parameters
    ----------
    folder : of this member; `member.json` is written last, so that a killed job never
    leaves half a member that counts
    samples, unlabelled : all of the run; the fold's unseen rows and their sites' other
    years stay unseen
    settings : sections `train` and `gaps`, and the run's `seed`
    build_key : everything that the result depends on beside split, fold and member
    """
    record, wanted = folder / RECORD, make_build_key(build_key, split, fold, member)
    if record.is_file() and read_json(record)["build_key"] == wanted:
        return read_json(record)["checksum"]
    record.unlink(missing_ok=True)
    _, unseen = split_rows(samples.table, split, fold)
    sites = samples.table["site"].iloc[unseen].unique().tolist()
    fitted, predictions = run_fold(
        WithUnlabelled(settings["train"], unlabelled.without(sites)),
        samples,
        split=split,
        fold=fold,
        member=member,
        model=NETWORK,
        seed=member_seed(settings["seed"], split, fold, member),
        gaps=settings["gaps"],
    )
    write_table(predictions, folder / "predictions.csv")
    write_weights(folder / "weights.npz", fitted.weights())
    checksum = checksum_folder([folder / name for name in FILES], folder)
    scales = {
        "normalisation": fitted.normalisation.to_dict(),
        "flux_scale": fitted.flux_scale.to_dict(),
        "variables": list(fitted.variables),
    }
    write_json(record, {"build_key": wanted, "checksum": checksum, **scales})
    return checksum


def read_member(folder: Path, settings: dict) -> NetworkEstimator:
    """The trained network of a member's folder.

    Parameters
    ----------
    settings : section `train` of the configuration
    """
    record = read_json(folder / RECORD)
    with np.load(folder / "weights.npz", allow_pickle=False) as weights:
        return NetworkEstimator.restored(
            settings,
            variables=tuple(record["variables"]),
            normalisation=Normalisation.from_dict(record["normalisation"]),
            flux_scale=Normalisation.from_dict(record["flux_scale"]),
            weights=dict(weights),
        )


def read_ensembles(
    manifests: Iterable[Path], settings: dict
) -> dict[tuple[str, int], list[NetworkEstimator]]:
    """The trained networks of every split and fold that jobs list.

    Parameters
    ----------
    settings : section `train` of the configuration
    """
    ensembles = {}
    for folder in member_folders(manifests):
        split, fold = folder.parts[-3], int(folder.parts[-2].removeprefix("fold"))
        ensembles.setdefault((split, fold), []).append(read_member(folder, settings))
    return ensembles


def member_folders(manifests: Iterable[Path]) -> list[Path]:
    """Folders of the members that jobs list, in the order of their names."""
    folders = []
    for manifest in manifests:
        names = json.loads(manifest.read_text())["members"]
        folders += [manifest.parent / name for name in names]
    return sorted(folders)


def read_predictions(manifests: Iterable[Path]) -> list[pd.DataFrame]:
    """Predictions of every member that jobs list."""
    return [pd.read_csv(f / "predictions.csv") for f in member_folders(manifests)]
