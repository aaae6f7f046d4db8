"""Wiring of rule publish: the products of the years that a job owns."""

from pathlib import Path

from tqdm import tqdm

from forestflux.jobs import command_line
from forestflux.ensemble.model_record import read_model_record
from forestflux.jobs.checksums import checksum_files, make_build_key
from forestflux.jobs.settings.evaluation_settings import EvaluateSettings
from forestflux.jobs.settings.map_settings import (
    InferSettings,
    ModelSettings,
)
from forestflux.jobs.settings.region_settings import Region
from forestflux.jobs.settings.sample_settings import (
    FoldSettings,
    MaskSettings,
    SampleSettings,
)
from forestflux.jobs.settings.source_settings import PlanetSettings
from forestflux.jobs.settings.tower_settings import TowerSettings
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.jobs.small_files import write_json
from forestflux.jobs.stages import upstream_stores
from forestflux.publish.provenance import CHECKSUMS, sha256
from forestflux.publish.published_dataset import PublishingJobSettings
from forestflux.publish.year_product import is_published, publish_year


class Settings(PublishingJobSettings):
    """What a product depends on and reports: every section that a map depends on."""

    region: Region = ()
    planet: PlanetSettings
    towers: TowerSettings
    mask: MaskSettings
    samples: SampleSettings
    folds: FoldSettings
    train: TrainSettings
    model: ModelSettings
    infer: InferSettings
    evaluate: EvaluateSettings


def main(
    *,
    years: list[int],
    maps: Path,
    model: Path,
    settings: Settings,
    code: str,
    folder: Path,
    manifest: Path,
) -> None:
    """Write a folder of products for each year, and the job's manifest apart from them."""
    stores, trained = upstream_stores(maps), read_model_record(model)
    model_checksum = checksum_files([model])
    product_settings = settings.of_product()
    products = {}
    for year in tqdm(years, desc="publish", disable=None):
        product = folder / str(year)
        record = {
            "build_key": make_build_key(
                code, settings, stores.checksum(year), model_checksum
            ),
            "code": code,
            "configuration": settings.model_dump(mode="json", exclude_unset=True),
            "inputs": {"map": stores.checksum(year), "model": model_checksum},
            "model": trained.metadata | {"checksum": trained.seal},
        }
        if not is_published(product, record["build_key"]):
            publish_year(
                stores.path(year),
                product,
                year=year,
                settings=product_settings,
                record=record,
            )
        products[str(year)] = sha256(product / CHECKSUMS)
    write_json(manifest, {"products": products})


if __name__ == "__main__":
    command_line.run(main)
