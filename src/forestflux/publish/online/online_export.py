"""The files of the online model: the expression of a year and the script that shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from forestflux.core.grids.grid import Grid
from forestflux.core.product_tables.products import Product
from forestflux.ensemble.model_folder import RECORD, load_model
from forestflux.ensemble.model_record import read_model_record
from forestflux.jobs.small_files import write_text
from forestflux.publish.online.code_editor import Script, write_script
from forestflux.publish.online.images.year_image import (
    ModelFacts,
    YearChoice,
    build_year_image,
    describe_image,
    find_resolution,
    name_layers,
)
from forestflux.publish.online.online_source import OnlineSource, ask_layers
from forestflux.publish.online.region import Region
from forestflux.publish.published_dataset import SOURCES
from forestflux.sources.earthengine.request import Layers

JSON, SCRIPT = "online.json", "online.js"
# Only the side of a cell matters where no tile is cut.
ONE_TILE = 1


@dataclass(frozen=True)
class OnlineModel:
    """The expression of a year and what is known of it.

    Attributes
    ----------
    expression : the image as the client serialises it
    properties : of the image
    bands : their names
    grid : of the maps
    level : nominal coverage of the intervals, 0-1
    """

    expression: str
    properties: Mapping[str, str | int | float]
    bands: tuple[str, ...]
    grid: Grid
    level: float

    @property
    def layers(self) -> Layers:
        """Its bands as they are asked for."""
        return ask_layers(self.expression, self.bands)


def make_online_model(
    folder: Path,
    products: Mapping[str, Product],
    source: OnlineSource,
    *,
    choice: YearChoice,
    card: str,
) -> OnlineModel:
    """The expression of a trained model for a year.

    Parameters
    ----------
    folder : of the trained model, or its `model.json`
    products : of cells, by variable
    source : of the same year; asked for the days of the collections' images
    choice : what the image is of
    card : address of the model card

    Raises
    ------
    InputError : a damaged model, products that are not its inputs or that cannot be expressed, no
        account or no answer
    """
    file = folder if folder.suffix == ".json" else folder / RECORD
    record, model = read_model_record(file), load_model(file)
    learnt = str(record.metadata.get("source", "not stated"))
    facts = ModelFacts(
        checksum=record.seal,
        run=str(record.metadata.get("run", "not stated")),
        trained_on=SOURCES.get(learnt, learnt),
        card=card,
    )
    image = build_year_image(
        model, products, source.ask_days(), choice=choice, facts=facts
    )
    return OnlineModel(
        expression=image.serialize(),
        properties=describe_image(model, choice, facts),
        bands=name_layers(with_applicability=choice.with_applicability),
        grid=Grid(find_resolution(products), ONE_TILE),
        level=model.level,
    )


def write_online_files(
    made: OnlineModel, region: Region, *, expression: Path, script: Path
) -> None:
    """Write the expression and the script, each at once.

    Parameters
    ----------
    region : that the script shows and exports
    expression, script : the files
    """
    write_text(expression, made.expression)
    content = Script(
        expression=made.expression,
        properties=made.properties,
        region=region,
        resolution_deg=made.grid.resolution_deg,
        bands=made.bands,
    )
    write_text(script, write_script(content))
