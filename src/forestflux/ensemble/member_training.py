"""Training of one member: a network of a fold, with its predictions of unseen rows."""

import logging
from functools import partial
from pathlib import Path

from forestflux.core.input_errors import InputError
from forestflux.core.names import NETWORK
from forestflux.ensemble.members import (
    PREDICTIONS,
    RECORD,
    WEIGHTS,
    MemberManifest,
    checksum_member,
    verify_member,
)
from forestflux.ensemble.weight_files import write_arrays
from forestflux.jobs.checksums import make_build_key
from forestflux.jobs.manifests import write_manifest
from forestflux.jobs.settings.evaluation_settings import GapExperiment
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.models.cross_validation import FOLD_PREDICTIONS, run_fold
from forestflux.models.network_inputs import Scales
from forestflux.models.network_training import member_seed, train_network
from forestflux.prepare.folds import split_rows
from forestflux.prepare.sample_table import Samples, UnlabelledSeries

log = logging.getLogger(__name__)


def train_member(
    folder: Path,
    samples: Samples,
    unlabelled: UnlabelledSeries,
    *,
    split: str,
    fold: int,
    member: int,
    settings: TrainSettings,
    gaps: GapExperiment | None,
    seed: int,
    build_key: list,
) -> str:
    """Checksum of a member's weights and predictions, trained unless its folder has them already.

    Parameters
    ----------
    folder : of this member; `member.json` is written last, so that a killed job never
    leaves half a member that counts
    samples, unlabelled : all of the run; the fold's unseen rows and their sites' other
    years stay unseen
    settings : section `train` of the configuration
    gaps : section `evaluate.gaps` of the configuration; None for none
    seed : of the run
    build_key : everything that the result depends on beside split, fold and member
    """
    record, wanted = folder / RECORD, make_build_key(build_key, split, fold, member)
    finished = find_finished(folder, wanted)
    if finished is not None:
        return finished
    record.unlink(missing_ok=True)
    _, unseen = split_rows(samples.table, split, fold)
    sites = samples.table["site"].iloc[unseen].unique().tolist()
    network, predictions = run_fold(
        partial(train_network, settings=settings, unlabelled=unlabelled.without(sites)),
        samples,
        split=split,
        fold=fold,
        member=member,
        model=NETWORK,
        seed=member_seed(seed, split, fold, member),
        gaps=gaps,
    )
    FOLD_PREDICTIONS.write(predictions, folder / PREDICTIONS)
    write_arrays(folder / WEIGHTS, network.weights())
    made = MemberManifest(
        build_key=wanted,
        checksum=checksum_member(folder),
        normalisation=Scales.of(network.normalisation),
        flux_scale=Scales.of(network.flux_scale),
        variables=network.variables,
    )
    return write_manifest(record, made).checksum


def find_finished(folder: Path, build_key: str) -> str | None:
    """Checksum of the member that lies in a folder, whole and made by this build key, or None."""
    if not (folder / RECORD).is_file():
        return None
    try:
        found = verify_member(folder)
    except InputError as error:
        log.info("%s", error)  # a damaged member is as good as none
        return None
    return found.checksum if found.build_key == build_key else None
