"""Integrated gradients: what each value adds to an estimate, against the mean year.

Sundararajan, Taly and Yan (2017, arXiv 1703.01365), as captum computes them: the
gradient is summed on the straight path from the mean year of the forest type to the
year that was observed. What the values of a year add sums to the difference of the two
estimates (completeness).

Gaps stay gaps on the whole path: the mean year has them too, and a gap adds nothing. What
a gap itself does to the estimate is what hiding measures
(`forestflux.evaluation.explain.explanations`).
"""

import numpy as np
import pandas as pd
import torch
import xarray as xr
from captum.attr import IntegratedGradients
from torch import Tensor
from tqdm import tqdm

from forestflux.core.calendars.eight_day import step_months
from forestflux.core.names import FOREST_TYPES
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.evaluation.explain.explanations import (
    COMMON_YEAR,
    empty_importance,
    iterate_types,
    tabulate_importance,
)
from forestflux.models.network_inputs import one_hot_types
from forestflux.models.network_regressor import NetworkRegressor
from forestflux.models.torch_contexts import one_thread
from forestflux.prepare.sample_table import Samples

# Points on the path (Gauss-Legendre): completeness then holds to about one percent.
POINTS = 24
# Samples at once: with their points they are a batch that stays in the cache.
ROWS = 16


def measure_attribution(
    model: Ensemble, samples: Samples
) -> tuple[xr.DataArray, xr.DataArray]:
    """What each variable in each month adds to the estimate, and how much it moves it.

    Only rows that the model was trained on, because the mean year is theirs. Months are
    those of the season, derived series such as the radiation are variables too.

    Parameters
    ----------
    model : the trained ensemble
    samples : the site-years to explain; other classes than forest are left out

    Returns
    -------
    signed, size : both (flux, member, igbp, variable, month), gC m-2 yr-1, for gpp and
        nee. `signed` is what a value adds that lies by one typical departure (root mean
        square) above the mean year; a negative one of nee is more uptake. `size` is the
        mean absolute contribution
    """
    own = samples.table["igbp"].isin(FOREST_TYPES) & ~samples.table["holdout"]
    samples = samples.take(own.to_numpy(bool))
    first = model.members[0]
    names = first.pattern_names()[: len(first.normalisation.variables)]
    signed = empty_importance(model, samples, names)
    size = signed.copy()
    ready = first.prepare(samples.series, samples.lat)
    types = torch.from_numpy(one_hot_types(samples.forest_type))
    cases = [
        (pair, m) for pair in iterate_types(samples) for m in range(len(model.members))
    ]
    for (igbp, rows), index in tqdm(cases, desc="attributed", disable=None):
        chosen = torch.from_numpy(np.flatnonzero(rows))
        series, baseline_year = ready[chosen], mean_year(ready[chosen])
        parts = integrate_gradients(
            model.members[index], series, baseline_year, types[chosen]
        )
        departure = sum_months(np.nan_to_num((series - baseline_year).numpy()))
        for flux, values in parts.items():
            monthly = sum_months(values)
            place = (flux, index, igbp)
            signed.loc[place] = scale_to_departure(monthly, departure)
            size.loc[place] = np.abs(monthly).mean(axis=0)
    return signed, size


def tabulate_attributions(signed: xr.DataArray, size: xr.DataArray) -> pd.DataFrame:
    """Both results of `measure_attribution` as a table.

    Returns
    -------
    igbp, variable, month, gpp, nee, gpp_sd, nee_sd : of `signed`, as
        `forestflux.evaluation.explain.explanations.tabulate_importance`
    gpp_size, nee_size : mean over members of `size`
    """
    sizes = tabulate_importance(size)
    columns = {f"{flux}_size": sizes[flux] for flux in size["flux"].values}
    return tabulate_importance(signed).assign(**columns)


def mean_year(series: Tensor) -> Tensor:
    """Mean year (series, step) of samples (sample, series, step), NaN = gap.

    A step that is a gap in every sample has the mean of its neighbours in time, the year
    taken as a circle; zero, the mean of all training rows, where a series has no value.
    """
    mean = torch.nanmean(series, dim=0).numpy()
    steps = np.arange(mean.shape[1])
    for row in mean:
        known = np.isfinite(row)
        row[~known] = (
            np.interp(steps[~known], steps[known], row[known], period=len(steps))
            if known.any()
            else 0.0
        )
    return torch.from_numpy(mean)


def integrate_gradients(
    member: NetworkRegressor, series: Tensor, baseline_year: Tensor, types: Tensor
) -> dict[str, np.ndarray]:
    """What each value adds to gpp and nee (sample, series, step), gC m-2 yr-1.

    Zero at gaps. The sum over a sample is its estimate minus the one of the mean year
    with the sample's gaps; fluxes below zero are not cut off.

    Parameters
    ----------
    member : a trained network
    series : (sample, series, step) as the network reads them, NaN = gap
    baseline_year : (series, step), the year to compare with
    types : one-hot (sample, type)
    """
    gaps = torch.isnan(series)
    baseline = baseline_year.expand_as(series)
    values = torch.where(gaps, baseline, series)
    sd = member.flux_scale.sd

    def forward(points: Tensor, hidden: Tensor, kinds: Tensor) -> Tensor:
        return member.network(torch.where(hidden, torch.nan, points), kinds)

    gradients = IntegratedGradients(forward)
    added = np.empty((2, *series.shape))
    with one_thread():
        for start in range(0, len(series), ROWS):
            part = slice(start, start + ROWS)
            for position in range(2):
                contribution = gradients.attribute(
                    values[part],
                    baseline[part],
                    target=position,
                    additional_forward_args=(gaps[part], types[part]),
                    n_steps=POINTS,
                )
                added[position, part] = contribution.numpy() * sd[position]
    gpp, reco = added
    return {"gpp": gpp, "nee": reco - gpp}


def sum_months(values: np.ndarray) -> np.ndarray:
    """Sums (sample, series, month) over the steps of each month of the season."""
    months = step_months(COMMON_YEAR)
    sums = [values[..., months == month].sum(axis=-1) for month in range(1, 13)]
    return np.stack(sums, axis=-1)


def scale_to_departure(added: np.ndarray, departure: np.ndarray) -> np.ndarray:
    """What one typical departure upwards adds (series, month); zero without departures.

    Parameters
    ----------
    added, departure : (sample, series, month); zero where a whole month is a gap
    """
    known = np.maximum((departure != 0).sum(axis=0), 1)
    typical = np.sqrt((departure**2).sum(axis=0) / known)
    together = (added * departure).sum(axis=0) / known
    return np.divide(together, typical, where=typical > 0, out=np.zeros_like(typical))
