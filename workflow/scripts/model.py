"""Wiring of rule model: the trained ensemble with its intervals, as one folder."""

from pathlib import Path

from forestflux import job
from forestflux.conformal import calibrate
from forestflux.evaluate import join_observed
from forestflux.members import member_folders, read_member, read_predictions
from forestflux.model import save_model
from forestflux.samples import read_sample_table
from forestflux.store import read_json


def main(
    *,
    samples: Path,
    train: list[Path],
    folds: list[Path],
    settings: dict,
    output: Path,
) -> None:
    """Write model.json and the members' weights.

    `folds` are the networks of the split by cluster, whose residuals calibrate the map.
    """
    table = read_sample_table(samples.parent)
    predictions = join_observed(read_predictions(folds), table)
    used = table[table["used"] & ~table["holdout"]]
    save_model(
        output.parent,
        [read_member(folder, settings["train"]) for folder in member_folders(train)],
        calibration=calibrate(
            predictions[predictions["gap_pattern"] == "none"],
            level=settings["level"],
            min_quality=settings["min_quality"],
        ),
        metadata={
            "run": settings["run"],
            "source": settings["source"],
            "samples": read_json(samples)["stores"],
            "site_years": len(used),
            "sites": int(used["site"].nunique()),
            "holdout": sorted(table.loc[table["holdout"], "site"].unique()),
        },
    )


if __name__ == "__main__":
    job.run(main)
