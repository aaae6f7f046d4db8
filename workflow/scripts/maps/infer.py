"""Wiring of rule infer: fluxes of the tiles and years that a job owns, per member."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from forestflux.jobs import command_line
from forestflux.ensemble.model_folder import load_model
from forestflux.jobs.checksums import checksum_files
from forestflux.jobs.settings.map_settings import InferSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import Key, run_stage, upstream_stores
from forestflux.jobs.stores.chunked import CHUNKS, ChunkedDataset
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
    trained, model_checksum = load_model(model), checksum_files([model])
    trained.calibration.check_finite(model)

    def make(missing: list[Key]) -> Iterator[ChunkedDataset]:
        return infer(
            [masked.path(*key) for key in missing],
            trained.accelerate(
                device=runtime.device, precision=settings.infer.precision
            ),
            min_forest_fraction=settings.infer.min_forest_fraction,
            batch_cells=runtime.batch_cells,
            workers=threads,
        )

    run_stage(
        manifest,
        list(product(places, years)),
        build_key=lambda place, year: [
            code,
            settings,
            model_checksum,
            masked.checksum(place, year),
        ],
        make=make,
        chunks=CHUNKS,
    )


if __name__ == "__main__":
    command_line.run(main)
