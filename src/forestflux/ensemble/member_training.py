"""Training of one member: a network of a fold, with its predictions of unseen rows."""

from functools import partial
from pathlib import Path

from forestflux.core.names import NETWORK
from forestflux.ensemble.members import PREDICTIONS, RECORD, WEIGHTS
from forestflux.ensemble.weight_files import write_arrays
from forestflux.jobs.checksums import checksum_folder, make_build_key
from forestflux.jobs.settings.evaluation_settings import GapExperiment
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.jobs.small_files import read_json, write_json
from forestflux.models.cross_validation import FOLD_PREDICTIONS, run_fold
from forestflux.models.network_training import member_seed, train_network
from forestflux.prepare.folds import split_rows
from forestflux.prepare.sample_table import Samples, UnlabelledSeries


def train_member(
    folder: Path,
    samples: Samples,
    unlabelled: UnlabelledSeries,
    *,
    split: str,
    fold: int,
    member: int,
    settings: TrainSettings,
    gaps: GapExperiment,
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
    gaps : section `evaluate.gaps` of the configuration
    seed : of the run
    build_key : everything that the result depends on beside split, fold and member
    """
    record, wanted = folder / RECORD, make_build_key(build_key, split, fold, member)
    if record.is_file() and read_json(record)["build_key"] == wanted:
        return read_json(record)["checksum"]
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
    checksum = checksum_folder([folder / WEIGHTS, folder / PREDICTIONS], folder)
    scales = {
        "normalisation": network.normalisation.to_dict(),
        "flux_scale": network.flux_scale.to_dict(),
        "variables": list(network.variables),
    }
    write_json(record, {"build_key": wanted, "checksum": checksum, **scales})
    return checksum
