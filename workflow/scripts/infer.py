"""Wiring of rule infer: fluxes of the tiles and years that a job owns, per member."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from forestflux.ensemble.model_folder import load_model
from forestflux.jobs import command_line
from forestflux.jobs.chunked import CHUNKS, Pieced
from forestflux.jobs.stages import run_stage, upstream_stores
from forestflux.jobs.store import digest_of_files
from forestflux.maps.inference import infer


def main(
    *,
    places: list[str],
    years: list[int],
    model: Path,
    upstream: Path,
    settings: dict,
    device: str,
    batch_cells: int,
    workers: int,
    code: str,
    manifest: Path,
) -> None:
    """Write infer/{place}/{year}.zarr and the job's manifest.

    Device, cells of a batch and workers say how it is computed; they are in no recipe.
    """
    masked = upstream_stores(upstream)
    trained, fingerprint = load_model(model), digest_of_files([model])
    made: Iterator[Pieced] = iter(())

    def prepare(keys: list[tuple]) -> None:
        nonlocal made
        made = infer(
            [masked.path(*key) for key in keys],
            trained.at_speed(device=device, precision=settings["precision"]),
            min_forest_fraction=settings["min_forest_fraction"],
            batch_cells=batch_cells,
            workers=workers,
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
