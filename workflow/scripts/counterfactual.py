"""Wiring of rule counterfactual: runs that swap one input's year on a job's tiles."""

from pathlib import Path

from forestflux.change.drivers.one_at_a_time import counterfactual
from forestflux.core.names import VARIABLES
from forestflux.ensemble.model_folder import load_model
from forestflux.jobs import command_line
from forestflux.jobs.settings.map_settings import InferSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import run_stage, upstream_stores
from forestflux.jobs.store import digest_of_files, load_store


class Settings(Section):
    """What the job's numbers depend on."""

    infer: InferSettings


def main(
    *,
    places: list[str],
    pair: list[int],
    model: Path,
    masked: list[Path],
    inferred: list[Path],
    settings: Settings,
    runtime: InferSettings,
    code: str,
    manifest: Path,
) -> None:
    """Write counterfactual/{place}.zarr and the job's manifest."""
    stages = upstream_stores(*masked), upstream_stores(*inferred)
    # As infer: what is left of the difference of two of its numbers is the interaction.
    trained = load_model(model).at_speed(
        device=runtime.device, precision=settings.infer.precision
    )
    fingerprint = digest_of_files([model])
    layers = (*VARIABLES, "forest_type")
    run_stage(
        manifest,
        [(place,) for place in places],
        recipe=lambda place: [
            code,
            settings,
            pair,
            fingerprint,
            [stage.digest(place, year) for stage in stages for year in pair],
        ],
        make=lambda place: counterfactual(
            tuple(load_store(stages[0].path(place, year), layers) for year in pair),
            tuple(stages[1].load(place, year) for year in pair),
            trained,
        ),
    )


if __name__ == "__main__":
    command_line.run(main)
