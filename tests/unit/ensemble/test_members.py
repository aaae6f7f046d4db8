"""Trained members on disk: no stage believes one that is not as its job wrote it."""

import json
import shutil
from pathlib import Path

import pytest

from forestflux.core.input_errors import InputError
from forestflux.ensemble.member_training import train_member
from forestflux.ensemble.members import (
    MembersManifest,
    member_folders,
    read_ensembles,
    read_predictions,
)
from forestflux.jobs.manifests import seal_of, write_manifest
from forestflux.jobs.settings.evaluation_settings import GapExperiment
from forestflux.prepare.sample_table import Samples, no_series
from tests.builders.inputs import VARIABLES
from tests.builders.small_training import make_samples, settings

NAMES = [f"site/fold0/member{member}" for member in (0, 1)]


def run_job(folder: Path) -> list[float]:
    """Train two members into a folder; when each was written, so that kept ones show."""
    made = make_samples()
    samples = Samples(made.series, made.table.assign(used=True), made.variables)
    checksums = {
        name: train_member(
            folder / name,
            samples,
            no_series(len(VARIABLES)),
            split="site",
            fold=0,
            member=int(name[-1]),
            settings=settings(),
            gaps=GapExperiment(patterns=(), fractions=()),
            seed=1,
            build_key=["code"],
        )
        for name in NAMES
    }
    write_manifest(folder / "job.json", MembersManifest(members=checksums))
    return [(folder / name / "member.json").stat().st_mtime_ns for name in NAMES]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("train")
    run_job(folder)
    return folder


@pytest.fixture
def job(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "train"))


def flip_weight(job: Path, member: Path) -> None:
    file = member / "weights.safetensors"
    content = bytearray(file.read_bytes())
    content[-10] ^= 1
    file.write_bytes(content)


def edit_prediction(job: Path, member: Path) -> None:
    file = member / "predictions.csv"
    file.write_text(file.read_text().replace("0", "1", 1))


def take_weights_of_another(job: Path, member: Path) -> None:
    other = job / NAMES[1]
    shutil.copy(other / "weights.safetensors", member / "weights.safetensors")


def take_another(job: Path, member: Path) -> None:
    shutil.copytree(job / NAMES[1], member, dirs_exist_ok=True)


def delete_weights(job: Path, member: Path) -> None:
    (member / "weights.safetensors").unlink()


def double_scale(job: Path, member: Path) -> None:
    record = json.loads((member / "member.json").read_text())
    record["flux_scale"]["sd"] = [2 * sd for sd in record["flux_scale"]["sd"]]
    (member / "member.json").write_text(json.dumps(record))


def empty_record(job: Path, member: Path) -> None:
    (member / "member.json").write_text("[]")


DAMAGE = {
    flip_weight: r"member0: checksum: expected weights and predictions as their job",
    edit_prediction: r"member0: checksum: expected weights and predictions as their job",
    take_weights_of_another: r"member0: checksum: expected weights and predictions as",
    take_another: r"member0: checksum: expected .*, as job\.json has it",
    delete_weights: r"member0: member: expected weights\.safetensors, found no such file",
    double_scale: r"member\.json: seal: expected a manifest as its job wrote it",
    empty_record: r"member\.json: file: expected a JSON object of keys, found \[\]",
}


@pytest.mark.parametrize("spoil", DAMAGE, ids=lambda spoil: spoil.__name__)
def test_no_reader_believes_a_member_that_is_not_as_its_job_wrote_it(
    job: Path, spoil
) -> None:
    spoil(job, job / NAMES[0])
    for read in (
        member_folders,
        read_predictions,
        lambda manifests: read_ensembles(manifests, settings()),
    ):
        with pytest.raises(InputError, match=DAMAGE[spoil]):
            read([job / "job.json"])


@pytest.mark.parametrize(
    "spoil",
    [each for each in DAMAGE if each is not take_another],
    ids=lambda spoil: spoil.__name__,
)
def test_a_damaged_member_is_trained_again_to_the_same_bytes(
    finished: Path, job: Path, spoil
) -> None:
    spoil(job, job / NAMES[0])
    kept = (job / NAMES[1] / "member.json").stat().st_mtime_ns
    (job / "job.json").unlink()
    assert run_job(job)[1] == kept
    for file in ("job.json", *(f"{name}/weights.safetensors" for name in NAMES)):
        assert (job / file).read_bytes() == (finished / file).read_bytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "file: expected a JSON object of keys"),
        ("{}", "members: expected a value, found a missing key"),
        ('{"members": {"../../member0": "a"}}', "members.*: expected"),
        ('{"members": {}}', "seal: expected a manifest as its job wrote it"),
    ],
)
def test_a_manifest_of_another_form_is_one_line(
    job: Path, content: str, message: str
) -> None:
    (job / "job.json").write_text(content)
    with pytest.raises(InputError, match=rf"job\.json: {message}"):
        member_folders([job / "job.json"])


def test_weights_of_another_network_are_one_line(job: Path) -> None:
    """Settings of the run that are not those with which the members were trained."""
    with pytest.raises(
        InputError, match=r"weights\.safetensors: .*: expected float32 of"
    ):
        read_ensembles([job / "job.json"], settings(encoded=9))
    with pytest.raises(
        InputError, match=r"weights\.safetensors: .*: expected an array of"
    ):
        read_ensembles([job / "job.json"], settings(blocks=3))


def test_a_seal_that_fits_is_no_reason_to_build_an_endless_network(job: Path) -> None:
    """No memory is taken for a network before its weights are known to fit."""
    file = job / NAMES[0] / "member.json"
    record = json.loads(file.read_text())
    record["variables"] = [*record["variables"], *map(str, range(100))]
    record["seal"] = seal_of(record)
    file.write_text(json.dumps(record))
    with pytest.raises(
        InputError, match=r"weights\.safetensors: .*: expected float32 of"
    ):
        read_ensembles([job / "job.json"], settings(encoded=10**9))
