"""Wiring of rule train: the networks of the folds and members that a job owns."""

from itertools import product
from pathlib import Path

from tqdm import tqdm

from forestflux.jobs import command_line
from forestflux.ensemble.member_training import train_member
from forestflux.ensemble.members import MembersManifest
from forestflux.jobs.checksums import checksum_files
from forestflux.jobs.manifests import write_manifest
from forestflux.jobs.settings.evaluation_settings import GapExperiment
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.prepare.sample_table import read_samples, read_unlabelled


class Settings(Section):
    """What the job's numbers depend on."""

    train: TrainSettings
    seed: int
    gaps: GapExperiment | None


def main(
    *,
    samples: Path,
    split: str,
    folds: list[int],
    members: list[int],
    settings: Settings,
    code: str,
    manifest: Path,
) -> None:
    """Write train/{split}/fold{fold}/member{member}/ and the job's manifest."""
    read, unlabelled = read_samples(samples), read_unlabelled(samples)
    build_key = [code, settings, checksum_files([samples])]
    checksums = {}
    units = list(product(folds, members))
    for fold, member in tqdm(units, desc=f"train {split}", disable=None):
        folder = manifest.parent / split / f"fold{fold}" / f"member{member}"
        checksums[f"{split}/fold{fold}/member{member}"] = train_member(
            folder,
            read,
            unlabelled,
            split=split,
            fold=fold,
            member=member,
            settings=settings.train,
            gaps=settings.gaps,
            seed=settings.seed,
            build_key=build_key,
        )
    write_manifest(manifest, MembersManifest(members=checksums))


if __name__ == "__main__":
    command_line.run(main)
