"""Wiring of rule model: the trained ensemble with its intervals, as one folder."""

from pathlib import Path
from typing import Literal

from forestflux.jobs import command_line
from forestflux.ensemble.applicability_fitting import fit_applicability
from forestflux.ensemble.errors.error_fitting import fit_errors
from forestflux.ensemble.intervals.conformal import Calibration, calibrate
from forestflux.ensemble.intervals.gap_calibration import calibrate_gaps
from forestflux.ensemble.members import (
    member_folders,
    read_ensembles,
    read_member,
    read_predictions,
)
from forestflux.ensemble.model_folder import save_model
from forestflux.evaluation.tower_evaluation import join_observed
from forestflux.jobs.manifests import read_manifest
from forestflux.jobs.settings.map_settings import UnseenTrend
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.models.years.response import (
    COVARIANCE_DRAWS,
    fit_response,
    measure_sample_departures,
)
from forestflux.models.years.response_predictions import respond_to_years
from forestflux.prepare.folds import split_rows
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
    train: list[Path],
    folds: list[Path],
    settings: Settings,
    output: Path,
) -> None:
    """Write model.json, the members' weights and the reference of the applicability.

    `folds` are the networks of the split by cluster, whose residuals calibrate the map.
    """
    site_years = read_sample_table(table)
    read = read_samples(samples)
    predictions = join_observed(read_predictions(folds), site_years)
    predictions = predictions[predictions["gap_pattern"] == "none"]
    if settings.years == "response":
        predictions = respond_to_years(
            predictions, read, gaps=None, min_quality=settings.min_quality
        )
    calibration = calibrate(
        predictions, level=settings.level, min_quality=settings.min_quality
    )
    widening = calibrate_gaps(
        read_ensembles(folds, settings.train),
        read,
        Calibration.from_dict(calibration),
        responds=settings.years == "response",
        min_quality=settings.min_quality,
        seed=settings.seed,
    )
    calibration["widening"] = {
        target: each.to_dict() for target, each in widening.items()
    }
    used = site_years[site_years["used"] & ~site_years["holdout"]]
    training = read.take(split_rows(read.table, "holdout", 0)[0])
    members = [read_member(path, settings.train) for path in member_folders(train)]
    save_model(
        output.parent,
        members,
        response=fit_response(
            measure_sample_departures(training),
            training.table,
            min_quality=settings.min_quality,
            members=len(members),
            draws=COVARIANCE_DRAWS,
            seed=settings.seed,
        )
        if settings.years == "response"
        else None,
        calibration=calibration,
        errors=fit_errors(
            predictions,
            site_years,
            min_quality=settings.min_quality,
            unseen_trend=settings.unseen_trend,
        ),
        applicability=fit_applicability(
            members,
            training,
            quantile=settings.quantile,
            seed=settings.seed,
        ),
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
