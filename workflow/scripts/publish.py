"""Wiring of rule publish: the products of the years that a job owns."""

from pathlib import Path

from tqdm import tqdm

from forestflux.jobs import command_line
from forestflux.jobs.stages import upstream_stores
from forestflux.jobs.store import digest_of_files, read_json, recipe_of, write_json
from forestflux.publish.provenance import CHECKSUMS, sha256
from forestflux.publish.year_product import is_published, publish_year


def main(
    *,
    years: list[int],
    maps: Path,
    model: Path,
    settings: dict,
    code: str,
    manifest: Path,
) -> None:
    """Write products/{year}/ and the job's manifest."""
    stores, trained = upstream_stores(maps), read_json(model)
    fingerprint = digest_of_files([model])
    products = {}
    for year in tqdm(years, desc="publish", disable=None):
        folder = manifest.parent / str(year)
        record = {
            "recipe": recipe_of(code, settings, stores.digest(year), fingerprint),
            "code": code,
            "configuration": settings,
            "inputs": {"map": stores.digest(year), "model": fingerprint},
            "model": trained["metadata"] | {"weights": trained["digest"]},
        }
        if not is_published(folder, record["recipe"]):
            publish_year(
                stores.path(year), folder, year=year, settings=settings, record=record
            )
        products[str(year)] = sha256(folder / CHECKSUMS)
    write_json(manifest, {"products": products})


if __name__ == "__main__":
    command_line.run(main)
