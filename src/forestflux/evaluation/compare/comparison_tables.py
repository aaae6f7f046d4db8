"""Tables of the comparison, from the stores of the products."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import xarray as xr

from forestflux.change.trends.theil_sen import MINIMUM_VALUES, theil_sen
from forestflux.core.names import PG_PER_G
from forestflux.evaluation.compare.comparison_schemas import COMPARED_ZONES, COMPARISON

# Share of a mean square below which a variance is rounding.
ROUNDING = 1e-12
# A straight line through three years leaves one number, which always correlates.
LEAST_YEARS = 4


def tabulate_comparison(stores: Iterable[xr.Dataset]) -> dict[str, pd.DataFrame]:
    """`comparison` and `compared_zones`, by the name of their file.

    Parameters
    ----------
    stores : of `comparison_store.compare_product`, in memory
    """
    rows, zones = [], []
    for store in stores:
        rows += [
            period_row(store, place) for place in range(len(store.attrs["periods"]))
        ]
        zones.append(zone_rows(store))
    comparison = pd.DataFrame(rows, columns=COMPARISON.names)
    return {
        "comparison": comparison,
        "compared_zones": pd.concat(zones, ignore_index=True)[COMPARED_ZONES.names],
    }


def period_row(store: xr.Dataset, place: int) -> dict[str, object]:
    """The row of a product and a period.

    Parameters
    ----------
    place : of the period in the store
    """
    attributes = store.attrs
    kind, *years = attributes["periods"][place]
    w, wx, wy, wxx, wyy, wxy = store["moments"].values[place]
    mean_run, mean_product = wx / w, wy / w
    mapped = float(store["zone_mapped"].sum())
    row: dict[str, object] = {
        "product": attributes["product"],
        "title": attributes["title"],
        "flux": attributes["flux"],
        "kind": kind,
        "years": "-".join(map(str, dict.fromkeys((years[0], years[-1])))),
        "year_count": len(years),
        "per": attributes["per"],
        "resolution": attributes["resolution_deg"],
        "area": w,
        "share": w / mapped,
        "mean_run": mean_run,
        "mean_product": mean_product,
        "bias": mean_run - mean_product,
        "total_run": wx * PG_PER_G,
        "total_product": wy * PG_PER_G,
        "spatial_r": correlation(
            variance(wxx / w, mean_run),
            variance(wyy / w, mean_product),
            wxy / w - mean_run * mean_product,
        ),
        "source": attributes["source"],
    }
    return row | (series_columns(store) if kind == "all" else {})


def series_columns(store: xr.Dataset) -> dict[str, float]:
    """Slopes and correlation of the annual totals."""
    years = store["year"].values.astype(float)
    run, product = (
        store[name].values.sum(axis=1) * PG_PER_G
        for name in ("zone_run", "zone_product")
    )
    columns = {"slope_run": np.nan, "slope_product": np.nan, "year_r": np.nan}
    if len(years) >= MINIMUM_VALUES:
        slopes = theil_sen(np.stack([run, product], axis=1), years)
        columns |= {"slope_run": slopes[0], "slope_product": slopes[1]}
    if len(years) >= LEAST_YEARS:
        x, y = (without_line(series, years) for series in (run, product))
        columns["year_r"] = correlation(np.mean(x * x), np.mean(y * y), np.mean(x * y))
    return columns


def variance(square: float, mean: float) -> float:
    """Mean square less the square of the mean; 0 where that is rounding alone."""
    found = square - mean**2
    return found if found > ROUNDING * square else 0.0


def without_line(series: np.ndarray, years: np.ndarray) -> np.ndarray:
    """A series (year,) without its straight line by least squares."""
    centred = years - years.mean()
    departures = series - series.mean()
    return departures - centred * (centred @ departures) / (centred @ centred)


def correlation(variance: float, other_variance: float, covariance: float) -> float:
    """Pearson's correlation; NaN where one of both does not vary."""
    product = variance * other_variance
    return float(covariance / np.sqrt(product)) if product > 0 else np.nan


def zone_rows(store: xr.Dataset) -> pd.DataFrame:
    """Rows of the zones with common forest."""
    area = store["zone_area"].values
    forest = area > 0
    means = {
        f"mean_{name}": store[f"zone_{name}"].values.mean(axis=0)[forest] / area[forest]
        for name in ("run", "product")
    }
    return pd.DataFrame(
        {
            "product": store.attrs["product"],
            "flux": store.attrs["flux"],
            "latitude": store["zone"].values[forest],
            "area": area[forest],
            **means,
        }
    )
