"""The fluxes of one year as an image: what `Ensemble.predict` gives, as an expression."""

from typing import cast

import ee
import numpy as np

from forestflux.core.calendars.eight_day import STEPS
from forestflux.core.names import FLUXES, FOREST_TYPES
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.models.network_inputs import TYPES
from forestflux.models.network_regressor import NetworkRegressor
from forestflux.publish.online.images.applicability_image import build_dissimilarity
from forestflux.publish.online.images.array_images import (
    add_up,
    bands_to_array,
    join_bands,
    sum_of,
    sum_rows,
    take,
)
from forestflux.publish.online.images.interval_image import build_bounds
from forestflux.publish.online.images.network_image import build_heads
from forestflux.publish.online.images.series_image import (
    Series,
    build_features,
    prepare_series,
    read_series,
)


def build_flux_image(
    model: Ensemble,
    inputs: ee.Image,
    *,
    forest_type: ee.Image,
    latitude: ee.Image,
    with_applicability: bool = True,
) -> ee.Image:
    """The fluxes of a year with intervals, as `Ensemble.predict` gives them, without response.

    Parameters
    ----------
    model : the trained ensemble
    inputs : bands `<variable>_<step>` with two digits of the step, physical values in calendar
        order, masked at gaps
    forest_type : codes 1-5, 0 or masked where no forest is estimated
    latitude : degrees north of the cell's centre
    with_applicability : whether the layers `dissimilarity` and `applicable` are made; their
        training rows are constants of the expression

    Returns
    -------
    gpp, reco, nee, gpp_lower, gpp_upper, nee_lower, nee_upper : float, gC m-2 yr-1, masked
        outside forest and where no series has a value; bounds also where the half-width is
        infinite
    gap_fraction : float, share of the input values that are missing, masked outside forest
    dissimilarity : float, masked where `predict` gives NaN
    applicable : byte, 1 inside, 0 outside the area of applicability, masked outside forest
    """
    forest = forest_type.unmask(0, False).gt(0)
    # What is masked here is computed nowhere below.
    kind, lat = forest_type.updateMask(forest), latitude.updateMask(forest)
    types = bands_to_array(hot_types(kind), len(TYPES), 1)
    series = read_series(inputs, list(model.inputs), where=forest)
    prepared = prepare_series(model.members[0], series, lat)
    filled = sum_rows(series.valid)
    hidden = sum_of(filled.eq(0).toDouble())
    size = len(model.inputs) * STEPS
    gaps = sum_of(filled).multiply(-1).add(size).divide(size)
    fluxes = average_members(model, prepared, types)
    bounds = build_bounds(
        model.calibration, fluxes, kind, hidden_series=hidden, gap_fraction=gaps
    )
    seen = hidden.lt(len(model.inputs))
    layers = {
        name: image.updateMask(seen).toFloat()
        for name, image in {**fluxes, **bounds}.items()
    }
    layers["gap_fraction"] = gaps.toFloat()
    if with_applicability:
        area = model.applicability
        index = build_dissimilarity(area.reference, prepared, types)
        layers["dissimilarity"] = index.updateMask(seen).toFloat()
        # Both are compared as float32, as they are stored.
        threshold = float(np.float32(area.threshold))
        inside = layers["dissimilarity"].lte(threshold).unmask(0, False)
        layers["applicable"] = inside.updateMask(forest).toByte()
    return join_bands([image.rename([name]) for name, image in layers.items()])


def hot_types(forest_type: ee.Image) -> ee.Image:
    """Forest type codes as bands, 1 in that of the type, as `one_hot_types` gives them."""
    codes = [*range(1, len(FOREST_TYPES) + 1), 0]
    return forest_type.eq(ee.Image.constant(codes)).toDouble()


def average_members(
    model: Ensemble, series: Series, types: ee.Image
) -> dict[str, ee.Image]:
    """The mean of each flux over the members, gC m-2 yr-1."""
    members = [compute_fluxes(member, series, types) for member in model.members]
    fluxes = {
        name: add_up([each[name] for each in members]).divide(len(members))
        for name in ("gpp", "reco")
    }
    fluxes["nee"] = fluxes["reco"].subtract(fluxes["gpp"])
    return {name: fluxes[name] for name in FLUXES}


def compute_fluxes(
    member: NetworkRegressor, series: Series, types: ee.Image
) -> dict[str, ee.Image]:
    """GPP and RECO of a member, as `NetworkRegressor.predict_prepared` gives them."""
    network = member.network
    heads = build_heads(network, build_features(network, series, types), types)
    # Only a variable may be without a mean; every training row has its fluxes.
    mean = cast("tuple[float, ...]", member.flux_scale.mean)
    sd = member.flux_scale.sd
    gpp = take(heads, 0).multiply(sd[0]).add(mean[0])
    if member.settings.heads == "gpp_reco":
        reco = take(heads, 1).multiply(sd[1]).add(mean[1])
    else:
        reco = gpp.add(take(heads, 1).multiply(sd[2])).add(mean[2])
    return {"gpp": gpp.max(0), "reco": reco.max(0)}
