"""The image of a year: fluxes from the collections, on the grid of the maps, with its facts."""

from collections.abc import Mapping
from dataclasses import dataclass

import ee

from forestflux.core.input_errors import InputError
from forestflux.core.layers import BIAS, SIGN
from forestflux.core.names import FLUX_UNIT, FLUXES, LAND_COVER, TARGET_FLUXES
from forestflux.core.product_tables.products import Product
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.publish.online.images.array_images import join_bands
from forestflux.publish.online.images.flux_image import build_flux_image
from forestflux.publish.online.images.input_image import (
    Days,
    build_forest_image,
    build_input_image,
)
from forestflux.publish.published_dataset import REFERENCES

NOT_A_CHANGE = (
    "Each year is the networks' own estimate of it. The difference of the images of two years is"
    " not the change that a run gives: that follows from departures of the inputs."
)


@dataclass(frozen=True)
class YearChoice:
    """What an image is of.

    Attributes
    ----------
    year : of the inputs
    min_valid_share : least share of an average's pixels that must be valid, 0-1
    min_forest_fraction : smallest forest share of a cell (1) that is estimated
    with_applicability : whether the layers `dissimilarity` and `applicable` are made
    """

    year: int
    min_valid_share: float
    min_forest_fraction: float
    with_applicability: bool = True


@dataclass(frozen=True)
class ModelFacts:
    """What an image says of its model.

    Attributes
    ----------
    checksum : seal of the model's record, which stands for all of its weights
    run : that trained it
    trained_on : series that it learnt from, in words
    card : address of the model card
    """

    checksum: str
    run: str
    trained_on: str
    card: str


def build_year_image(
    model: Ensemble,
    products: Mapping[str, Product],
    days: Days,
    *,
    choice: YearChoice,
    facts: ModelFacts,
) -> ee.Image:
    """The fluxes of a year on the grid of the maps.

    Parameters
    ----------
    model : the trained ensemble
    products : of cells, by variable, land cover among them
    days : first days of each collection's images in the year, by collection
    choice : what the image is of
    facts : of the model

    Returns
    -------
    bands of `build_flux_image`, then forest_type (byte) and forest_fraction (float)

    Raises
    ------
    InputError : the products are not the model's inputs, or cannot be expressed
    """
    check_inputs(model, products)
    inputs = build_input_image(
        {name: products[name] for name in model.inputs},
        days,
        year=choice.year,
        min_valid_share=choice.min_valid_share,
    )
    forest = build_forest_image(
        products[LAND_COVER],
        days,
        year=choice.year,
        min_forest_fraction=choice.min_forest_fraction,
    )
    fluxes = build_flux_image(
        model,
        inputs,
        forest_type=forest.select(["forest_type"]),
        latitude=ee.Image.pixelLonLat().select(["latitude"]),
        with_applicability=choice.with_applicability,
    )
    step = find_resolution(products)
    image = join_bands([fluxes, forest]).reproject(
        "EPSG:4326", [step, 0, -180, 0, -step, 90]
    )
    # One call for all properties: `Image.set` makes one for each, inside one another.
    described = ee.apifunction.ApiFunction.call_(
        "Element.setMulti", image, describe_image(model, choice, facts)
    )
    return ee.Image(described)


def name_layers(*, with_applicability: bool) -> tuple[str, ...]:
    """Names of the bands of a year's image, in order."""
    bounds = (f"{flux}_{end}" for flux in TARGET_FLUXES for end in ("lower", "upper"))
    applicability = ("dissimilarity", "applicable") if with_applicability else ()
    return (
        *FLUXES,
        *bounds,
        "gap_fraction",
        *applicability,
        "forest_type",
        "forest_fraction",
    )


def check_inputs(model: Ensemble, products: Mapping[str, Product]) -> None:
    """Refuse a product table that does not give what the model reads.

    Raises
    ------
    InputError : a variable is not in the table, or has another unit
    """
    for name, unit in {**model.inputs, LAND_COVER: "percent"}.items():
        product = products.get(name)
        if product is None or product.units != unit:
            raise InputError(
                "product table",
                variable=f"{name}.tile",
                expected=f"a product of cells in {unit}, which the model reads",
                found="none" if product is None else product.units,
            )


def find_resolution(products: Mapping[str, Product]) -> float:
    """Side of a cell that all products share, degrees.

    Raises
    ------
    InputError : they have different ones
    """
    sides = {
        name: round(product.grid.pixel / product.extract.cells_per_pixel, 12)
        for name, product in products.items()
    }
    if len(set(sides.values())) > 1:
        raise InputError(
            "product table",
            variable="grid.pixel",
            expected="one side of a cell for all products of cells",
            found=", ".join(f"{name} {side:g}" for name, side in sides.items()),
        )
    return next(iter(sides.values()))


def describe_image(
    model: Ensemble, choice: YearChoice, facts: ModelFacts
) -> dict[str, str | int | float]:
    """Properties of the image: its model, unit, sign, citation and what it is not."""
    return {
        "title": f"Annual GPP, RECO and NEE of forests, {choice.year}",
        "year": choice.year,
        "run": facts.run,
        "trained_on": facts.trained_on,
        "model_checksum": facts.checksum,
        "model_card": facts.card,
        "members": len(model.members),
        "unit": FLUX_UNIT,
        "sign": SIGN + BIAS,
        "interval": f"{model.level:.0%} of a cell; masked where it is infinite",
        "applicability": "in the image" if choice.with_applicability else "left out",
        "years": NOT_A_CHANGE,
        "references": REFERENCES,
        "min_valid_share": choice.min_valid_share,
        "min_forest_fraction": choice.min_forest_fraction,
    }
