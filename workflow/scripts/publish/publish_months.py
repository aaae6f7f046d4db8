"""Wiring of rule publish_months: the months of the years that a job owns, as files to share."""

from pathlib import Path

from tqdm import tqdm

from forestflux.jobs import command_line
from forestflux.jobs.checksums import checksum_files, make_build_key
from forestflux.jobs.settings.flux_settings import FluxSettings
from forestflux.jobs.small_files import write_json
from forestflux.jobs.stages import upstream_stores
from forestflux.publish.months.month_product import publish_months
from forestflux.publish.provenance import CHECKSUMS, sha256
from forestflux.publish.published_dataset import PublishingJobSettings
from forestflux.publish.year_product import is_published


class Settings(PublishingJobSettings):
    """What a product depends on and reports beside what the year's own product does."""

    fluxes: FluxSettings


def main(
    *,
    years: list[int],
    months: Path,
    maps: Path,
    season: Path,
    settings: Settings,
    code: str,
    folder: Path,
    manifest: Path,
) -> None:
    """Write products/months/{year}/, and the job's manifest apart from it."""
    stores, mapped = upstream_stores(months), upstream_stores(maps)
    season_checksum = checksum_files([season])
    product_settings = settings.of_product()
    products = {}
    for year in tqdm(years, desc="publish months", disable=None):
        product = folder / str(year)
        inputs = {
            "months": stores.checksum(year),
            "map": mapped.checksum(year),
            "season": season_checksum,
        }
        key = make_build_key(code, settings, *inputs.values())
        if not is_published(product, key):
            publish_months(
                stores.path(year),
                mapped.path(year),
                product,
                year=year,
                settings=product_settings,
                ilamb=settings.fluxes.ilamb,
                record={
                    "build_key": key,
                    "code": code,
                    "configuration": settings.model_dump(mode="json"),
                    "inputs": inputs,
                },
            )
        products[str(year)] = sha256(product / CHECKSUMS)
    write_json(manifest, {"products": products})


if __name__ == "__main__":
    command_line.run(main)
