"""Wiring of rule infer: fluxes of the tiles and years that a job owns, per member."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from forestflux.ensemble.model_folder import load_model
from forestflux.jobs import command_line
from forestflux.jobs.chunked import CHUNKS, Pieced
from forestflux.jobs.settings.map_settings import InferSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import run_stage, upstream_stores
from forestflux.jobs.store import digest_of_files
from forestflux.maps.inference import infer


class Settings(Section):
    """What the job's numbers depend on."""

    infer: InferSettings


def main(
    *,
    places: list[str],
    years: list[int],
    model: Path,
    upstream: Path,
    settings: Settings,
    runtime: InferSettings,
    threads: int,
    code: str,
    manifest: Path,
) -> None:
    """Write infer/{place}/{year}.zarr and the job's manifest.

    `runtime` and `threads` say how it is computed; they change no number.
    """
    masked = upstream_stores(upstream)
    trained, fingerprint = load_model(model), digest_of_files([model])
    made: Iterator[Pieced] = iter(())

    def prepare(keys: list[tuple]) -> None:
        nonlocal made
        made = infer(
            [masked.path(*key) for key in keys],
            trained.at_speed(device=runtime.device, precision=settings.infer.precision),
            min_forest_fraction=settings.infer.min_forest_fraction,
            batch_cells=runtime.batch_cells,
            workers=threads,
        )

    run_stage(
        manifest,
        list(product(places, years)),
        recipe=lambda place, year: [
            code,
            settings,
            fingerprint,
            masked.digest(place, year),
        ],
        make=lambda place, year: next(made),
        chunks=CHUNKS,
        prepare=prepare,
    )


if __name__ == "__main__":
    command_line.run(main)
