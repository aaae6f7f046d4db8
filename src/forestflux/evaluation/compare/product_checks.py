"""Whether a product can be what its files say: overlap, orientation, unit and sign.

Asked of a sample of the mapped forest in one year, before anything is written.
"""

from dataclasses import dataclass

import numpy as np

from forestflux.core.input_errors import InputError
from forestflux.core.names import FLUX_UNIT
from forestflux.evaluation.compare.comparison_plan import ComparisonPlan
from forestflux.jobs.stores.store import load_store

SAMPLED_ROWS, SAMPLED_CELLS = 400, 20_000
# With fewer cells nothing is said about orientation, unit and sign.
LEAST_CELLS = 30
# Share of the forest with values, and how much more it is the other way round.
FEW_VALUES, MANY_MORE = 0.5, 0.3
# Means over forest that no unit and no forest explains, gC m-2 yr-1.
PLAUSIBLE = {"gpp": (20.0, 8000.0), "reco": (20.0, 8000.0), "nee": (1.0, 5000.0)}
# NEE of the other sign goes against that of the run.
AGAINST = -0.2


@dataclass(frozen=True)
class ForestSample:
    """Cells of the mapped forest in one year.

    Attributes
    ----------
    latitude, longitude : (cell,), degrees
    run : (cell,), flux of the map, gC m-2 yr-1
    """

    latitude: np.ndarray
    longitude: np.ndarray
    run: np.ndarray


def check_product(plan: ComparisonPlan) -> None:
    """Refuse a product that cannot be what its files say.

    Raises
    ------
    InputError : it does not reach the mapped forest, has no value there, lies upside down or
        turned by half the globe, or has another unit or sign
    """
    year = plan.years[0]
    sample, picked = sample_forest(plan, year), pick_product(plan, year)
    if len(sample.run) == 0:
        return
    values = picked.at(sample.latitude, sample.longitude)
    check_overlap(plan, sample, picked)
    known = is_known(values)
    if len(sample.run) >= LEAST_CELLS:
        check_orientation(plan, sample, picked)
    if not known.any():
        raise refuse(
            plan, "values", "a flux of some mapped forest", f"none of it in {year}"
        )
    if known.sum() >= LEAST_CELLS:
        check_size_and_sign(plan, sample.run[known], values[known])


@dataclass(frozen=True)
class PickedRows:
    """Some rows of the product in one year.

    Attributes
    ----------
    centres : (row,), degrees north, rising
    reach : half the distance of two rows, degrees
    edges : (column + 1,), degrees east, rising
    values : (row, column), gC m-2 yr-1
    """

    centres: np.ndarray
    reach: float
    edges: np.ndarray
    values: np.ndarray

    def inside(self, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
        """Whether points lie in the product's grid, bool (point,)."""
        near = np.abs(self.centres[self.row(latitude)] - latitude) <= self.reach
        return near & (self.turn(longitude) < self.edges[-1])

    def at(self, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
        """Values at points (point,), of the nearest row that was picked; NaN outside."""
        column = np.searchsorted(self.edges, self.turn(longitude), side="right") - 1
        column = np.clip(column, 0, len(self.edges) - 2)
        values = self.values[self.row(latitude), column]
        return np.where(self.inside(latitude, longitude), values, np.nan)

    def row(self, latitude: np.ndarray) -> np.ndarray:
        """The nearest row of each point."""
        middles = (self.centres[:-1] + self.centres[1:]) / 2
        return np.searchsorted(middles, latitude)

    def turn(self, longitude: np.ndarray) -> np.ndarray:
        """Longitudes within the turn of the globe that begins at the first edge."""
        return self.edges[0] + (longitude - self.edges[0]) % 360.0


def pick_product(plan: ComparisonPlan, year: int) -> PickedRows:
    """Every so many rows of the product."""
    latitude, longitude = plan.product.grid
    step = -(-latitude.size // SAMPLED_ROWS)
    rows = slice(0, latitude.size, step)
    height = float(np.max(np.diff(latitude.edges)))
    return PickedRows(
        latitude.centres[rows],
        step * height * 0.501,
        longitude.edges,
        plan.product.annual_flux(year, rows),
    )


def sample_forest(plan: ComparisonPlan, year: int) -> ForestSample:
    """Cells of the mapped forest, spread over all of it."""
    flux = load_store(plan.maps[year], (plan.product.flux,))[plan.product.flux].values
    place = np.flatnonzero(np.isfinite(flux))
    place = place[:: -(-len(place) // SAMPLED_CELLS) or 1]
    row, column = np.divmod(place, flux.shape[1])
    return ForestSample(
        plan.latitudes[row], plan.longitudes[column], flux[row, column].astype(float)
    )


def is_known(values: np.ndarray) -> np.ndarray:
    """Whether there is a flux; some products write 0 over water."""
    return np.isfinite(values) & (values != 0)


def check_overlap(
    plan: ComparisonPlan, sample: ForestSample, picked: PickedRows
) -> None:
    """Refuse a product whose grid does not reach the mapped forest."""
    if picked.inside(sample.latitude, sample.longitude).any():
        return
    ends = [(v.min(), v.max()) for v in (sample.latitude, sample.longitude)]
    latitude, longitude = (axis.edges for axis in plan.product.grid)
    raise refuse(
        plan,
        "latitude and longitude",
        "cells of the mapped forest, {:.4g} to {:.4g} north and {:.4g} to {:.4g} east".format(
            *ends[0], *ends[1]
        ),
        f"{latitude[0]:.4g} to {latitude[-1]:.4g} north"
        f" and {longitude[0]:.4g} to {longitude[-1]:.4g} east",
    )


def check_orientation(
    plan: ComparisonPlan, sample: ForestSample, picked: PickedRows
) -> None:
    """Refuse a product that has values on much more forest the other way round."""
    latitude, longitude = sample.latitude, sample.longitude
    share = is_known(picked.at(latitude, longitude)).mean()
    for name, how, other in (
        ("latitude", "upside down", picked.at(-latitude, longitude)),
        ("longitude", "turned by 180 degrees", picked.at(latitude, longitude + 180)),
    ):
        better = is_known(other).mean()
        if share < FEW_VALUES and better > share + MANY_MORE:
            raise refuse(
                plan,
                name,
                "values on the mapped forest (does the file label its rows and columns"
                " as they are stored?)",
                f"values on {share:.0%} of it, and on {better:.0%} {how}",
            )


def check_size_and_sign(
    plan: ComparisonPlan, run: np.ndarray, values: np.ndarray
) -> None:
    """Refuse a flux of another unit or sign.

    Parameters
    ----------
    run, values : (cell,), of the map and of the product, gC m-2 yr-1
    """
    product, mean = plan.product, float(values.mean())
    if product.flux != "nee" and mean < 0:
        raise refuse(
            plan,
            "sign",
            f"positive {product.flux.upper()}",
            f"a mean of {mean:.4g} {FLUX_UNIT} on the mapped forest",
        )
    size = float(np.abs(values).mean()) if product.flux == "nee" else mean
    least, most = PLAUSIBLE[product.flux]
    if not least <= size <= most:
        raise refuse(
            plan,
            "units",
            f"{product.flux.upper()} of {least:g} to {most:g} {FLUX_UNIT} on forest",
            f"a mean of {size:.4g} on the mapped forest (compare.{product.name}.unit says"
            " another unit)",
        )
    if product.flux != "nee" or product.stated:
        return
    alike = float(np.corrcoef(run, values)[0, 1])
    if run.mean() < 0 < mean and alike < AGAINST:
        raise refuse(
            plan,
            "sign",
            "negative NEE where a forest takes up carbon"
            f" (compare.{product.name}.uptake says which sign it has)",
            f"a mean of {mean:+.4g} {FLUX_UNIT} and a correlation of {alike:.2f} with this"
            " run's",
        )


def refuse(
    plan: ComparisonPlan, variable: str, expected: str, found: str
) -> InputError:
    """The one line about a product."""
    product = plan.product
    return InputError(
        product.files[0],
        variable=f"{product.variable}, {variable}",
        expected=expected,
        found=found,
    )
