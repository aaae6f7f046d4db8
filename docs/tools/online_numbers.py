"""What the ensemble costs as an expression, and how near it comes to `Ensemble.predict`."""

import ee
import numpy as np
import pandas as pd
from google.oauth2.credentials import Credentials

from forestflux.core.product_tables.product_table import read_products
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.publish.online.images.input_image import iterate_collections
from forestflux.publish.online.images.year_image import (
    ModelFacts,
    YearChoice,
    build_year_image,
)
from tests.builders.projects import ROOT
from tests.builders.small_training import settings
from tests.earthengine import online_proof as proof
from tests.earthengine.emulator.archives.catalogue import SCHEDULES
from tests.earthengine.emulator.evaluation.calls_values import algorithms
from tests.earthengine.emulator.server import Emulator
from tests.earthengine.expression_costs import measure_arithmetic, measure_size
from tests.earthengine.online_models import train_model

MEMBERS = (1, 5, 10, 20)
# Site-years with which the series of a cell are compared, as many as the real towers have.
ROWS = 357
SIZES = ("channels", "blocks", "kernel", "pooled_steps", "encoded", "hidden")
# The text of the address counts among the bytes, no more.
FACTS = ModelFacts("0" * 64, "towers", "earthengine", "https://example.org/model-card")


def cost_table() -> pd.DataFrame:
    """Size, arithmetic and greatest difference, a row for each number of members.

    Networks of the default size that have learnt a little. The size is that of the image of a
    year, from the collections on; the arithmetic that of a cell from its series on; the
    differences are those of the cells of the tests, in the emulator.
    """
    ranges = proof.more_ranges(6)
    cells = proof.make_cells(ranges)
    default = TrainSettings()
    learning = settings(**{name: getattr(default, name) for name in SIZES})
    model = train_model(learning, members=max(MEMBERS), ranges=ranges, rows=ROWS)
    networks, rows = model.members, []
    with Emulator(cells.catalogue) as emulator:
        ee.Initialize(Credentials("token"), url=emulator.url, project="forests")
        ee.data.setMaxRetries(0)
        for members in MEMBERS:
            model.members = networks[:members]
            image = proof.build_image(model)
            size = measure_size(ee.serializer.encode(image_of_year(model)))
            cost = measure_arithmetic(
                ee.serializer.encode(image), algorithms(cells.catalogue), proof.GRID
            )
            worst = proof.compare(proof.ask(image), proof.expect(model, cells.dataset))
            rows.append(
                {
                    "members": members,
                    **vars(size),
                    **vars(cost),
                    **{name: f"{worst[name]:.1e}" for name in proof.FLUXES},
                    "gap_fraction": f"{worst['gap_fraction']:g}",
                    "applicable": f"{worst['applicable']:g}",
                }
            )
    return pd.DataFrame(rows)


def image_of_year(model: Ensemble) -> ee.Image:
    """The image of a common year of the project's products."""
    products = read_products(ROOT / "config" / "products.yaml").column("tile")
    days = {
        name: np.array(SCHEDULES[name].days(proof.YEAR), "datetime64[D]")
        for name in iterate_collections(products)
    }
    choice = YearChoice(proof.YEAR, min_valid_share=0.5, min_forest_fraction=0.3)
    return build_year_image(model, products, days, choice=choice, facts=FACTS)
