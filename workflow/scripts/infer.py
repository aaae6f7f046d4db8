"""Wiring of rule infer: fluxes of the tiles and years that a job owns, per member."""

from itertools import product
from pathlib import Path

from forestflux import job
from forestflux.infer import infer_year
from forestflux.model import load_model
from forestflux.stages import run_stage, upstream_stores
from forestflux.store import digest_of_files


def main(
    *,
    places: list[str],
    years: list[int],
    model: Path,
    upstream: Path,
    settings: dict,
    batch_cells: int,
    code: str,
    manifest: Path,
) -> None:
    """Write infer/{place}/{year}.zarr and the job's manifest."""
    masked = upstream_stores(upstream)
    trained, fingerprint = load_model(model), digest_of_files([model])
    run_stage(
        manifest,
        list(product(places, years)),
        recipe=lambda place, year: [
            code,
            settings,
            fingerprint,
            masked.digest(place, year),
        ],
        make=lambda place, year: infer_year(
            masked.load(place, year), trained, batch_cells=batch_cells, **settings
        ),
    )


if __name__ == "__main__":
    job.run(main)
