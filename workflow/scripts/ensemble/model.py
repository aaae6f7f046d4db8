"""Wiring of rule model: the trained ensemble with its intervals, as one folder."""

from pathlib import Path
from typing import Literal

from forestflux.jobs import command_line
from forestflux.ensemble.members import (
    member_folders,
    read_ensembles,
    read_member,
    read_predictions,
)
from forestflux.ensemble.model_assembly import (
    AssemblyChoices,
    CalibratingNetworks,
    assemble_model,
)
from forestflux.ensemble.model_folder import save_model
from forestflux.jobs.manifests import read_manifest
from forestflux.jobs.settings.map_settings import UnseenTrend
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.prepare.sample_table import (
    SamplesManifest,
    read_sample_table,
    read_samples,
)


class Settings(Section):
    """What the job's numbers depend on."""

    train: TrainSettings
    level: float
    min_quality: float
    quantile: float | None
    unseen_trend: UnseenTrend
    seed: int
    units: dict[str, str]
    ranges: dict[str, tuple[float, float] | None]
    run: str
    source: str
    years: Literal["response", "between"]


def main(
    *,
    samples: Path,
    table: Path,
    mapping: list[Path],
    calibrating: list[Path],
    settings: Settings,
    output: Path,
) -> None:
    """Write model.json, the members' weights and the reference of the applicability.

    `mapping` are the networks that make the maps. `calibrating` are those of the split by
    cluster, whose residuals at unseen towers calibrate them.
    """
    site_years = read_sample_table(table)
    members = [read_member(path, settings.train) for path in member_folders(mapping)]
    parts = assemble_model(
        members,
        read_samples(samples),
        site_years,
        calibrating=CalibratingNetworks(
            read_predictions(calibrating), read_ensembles(calibrating, settings.train)
        ),
        choices=AssemblyChoices(
            level=settings.level,
            min_quality=settings.min_quality,
            quantile=settings.quantile,
            unseen_trend=settings.unseen_trend,
            responds=settings.years == "response",
            seed=settings.seed,
        ),
    )
    used = site_years[site_years["used"] & ~site_years["holdout"]]
    save_model(
        output.parent,
        members,
        response=parts.response,
        calibration=parts.calibration,
        errors=parts.errors,
        applicability=parts.applicability,
        units=settings.units,
        ranges=settings.ranges,
        metadata={
            "run": settings.run,
            "source": settings.source,
            "samples": read_manifest(samples, SamplesManifest).stores,
            "site_years": len(used),
            "sites": int(used["site"].nunique()),
            "holdout": sorted(site_years.loc[site_years["holdout"], "site"].unique()),
        },
    )


if __name__ == "__main__":
    command_line.run(main)
