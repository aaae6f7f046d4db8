"""Wiring of rule counterfactual: runs that swap one input's year on a job's tiles."""

from collections.abc import Iterator
from pathlib import Path

import xarray as xr

from forestflux.jobs import command_line
from forestflux.change.drivers.one_at_a_time import attribute_change
from forestflux.ensemble.model_folder import load_model
from forestflux.jobs.checksums import checksum_files
from forestflux.jobs.settings.map_settings import InferSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import Key, run_stage, upstream_stores
from forestflux.jobs.store import load_store


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
    masks, fluxes = upstream_stores(*masked), upstream_stores(*inferred)
    # As infer: what is left of the difference of two of its numbers is the interaction.
    trained = load_model(model).accelerate(
        device=runtime.device, precision=settings.infer.precision
    )
    model_checksum = checksum_files([model])
    layers = (*trained.inputs, "forest_type")

    def make(missing: list[Key]) -> Iterator[xr.Dataset]:
        for (place,) in missing:
            yield attribute_change(
                tuple(load_store(masks.path(place, year), layers) for year in pair),
                tuple(fluxes.load(place, year) for year in pair),
                trained,
            )

    run_stage(
        manifest,
        [(place,) for place in places],
        build_key=lambda place: [
            code,
            settings,
            pair,
            model_checksum,
            [stage.checksum(place, year) for stage in (masks, fluxes) for year in pair],
        ],
        make=make,
    )


if __name__ == "__main__":
    command_line.run(main)
