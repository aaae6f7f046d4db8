"""Explanations: occlusion sensitivity by variable and month, and activations of the network."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import torch
import xarray as xr
from tqdm import tqdm

from forestflux.core.calendars.eight_day import step_months
from forestflux.core.names import FOREST_TYPES, TARGET_FLUXES
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.models.network_inputs import align_season
from forestflux.models.torch_contexts import one_thread
from forestflux.prepare.sample_table import Samples

# The months of the steps are the same in every year but for leap days; this one has
# none.
COMMON_YEAR = 2003


def measure_occlusion(model: Ensemble, samples: Samples) -> xr.DataArray:
    """Occlusion sensitivity: change of each member's estimate when a variable is hidden.

    One variable is hidden in one month at a time (Zeiler and Fergus 2014). The network
    reads the hidden values as gaps, which it knows from training, so no value is invented.
    Months are those of the season: where the model shifts southern years by half a year,
    July is the middle of the summer on both hemispheres.

    Parameters
    ----------
    model : the trained ensemble
    samples : the site-years to explain; other classes than forest are left out

    Returns
    -------
    (flux, member, igbp, variable, month), gC m-2 yr-1: gpp and nee, mean over the
    samples of a forest type of the absolute change
    """
    samples = samples.take(samples.table["igbp"].isin(FOREST_TYPES).to_numpy())
    importance = empty_importance(model, samples, samples.variables)
    for name, month, change in iterate_occlusions(
        model, samples, season_months(model, samples)
    ):
        for igbp, rows in iterate_types(samples):
            for flux, values in change.items():
                size = np.abs(values[:, rows]).mean(axis=1)
                importance.loc[flux, :, igbp, name, month] = size
    return importance


def empty_importance(
    model: Ensemble, samples: Samples, variables: Sequence[str]
) -> xr.DataArray:
    """Zeros (flux, member, igbp, variable, month) for the forest types of the samples."""
    axes = {
        "flux": list(TARGET_FLUXES),
        "member": range(len(model.members)),
        "igbp": [igbp for igbp, _ in iterate_types(samples)],
        "variable": list(variables),
        "month": range(1, 13),
    }
    return xr.DataArray(np.zeros([len(part) for part in axes.values()]), axes)


def iterate_types(samples: Samples) -> Iterator[tuple[str, np.ndarray]]:
    """Each forest type that is there with its rows, bool (sample,)."""
    for igbp in FOREST_TYPES:
        rows = (samples.table["igbp"] == igbp).to_numpy()
        if rows.any():
            yield igbp, rows


def tabulate_importance(importance: xr.DataArray) -> pd.DataFrame:
    """Importance as a table: `igbp, variable, month, gpp, nee, gpp_sd, nee_sd`.

    Parameters
    ----------
    importance : (flux, member, igbp, variable, month)

    Returns
    -------
    One row a forest type, variable and month: mean over members, and `_sd` its standard
    deviation over members, NaN of a single one; unit of the importance
    """
    mean, spread = importance.mean("member"), importance.std("member")
    spread = spread.where(importance.sizes["member"] > 1)
    columns = {flux: mean.sel(flux=flux) for flux in importance["flux"].values}
    columns |= {
        f"{flux}_sd": spread.sel(flux=flux) for flux in importance["flux"].values
    }
    table = pd.DataFrame({name: part.to_series() for name, part in columns.items()})
    return table.reset_index()


def iterate_occlusions(
    model: Ensemble, samples: Samples, months: np.ndarray
) -> Iterator[tuple[str, int, dict[str, np.ndarray]]]:
    """The estimate with a variable hidden in a month, minus the one as observed.

    Parameters
    ----------
    model : the trained ensemble
    samples : of forest types only
    months : month (sample, step) that each step counts to

    Yields
    ------
    variable, month (1-12), and for gpp and nee the change (member, sample), gC m-2 yr-1
    """
    whole = predict_fluxes(model, samples, samples.series)
    cases = [(name, month) for name in samples.variables for month in range(1, 13)]
    for name, month in tqdm(cases, desc="hidden", disable=None):
        series = samples.series.copy()
        series[:, samples.variables.index(name)][months == month] = np.nan
        hidden = predict_fluxes(model, samples, series)
        yield name, month, {flux: hidden[flux] - whole[flux] for flux in whole}


def predict_fluxes(
    model: Ensemble, samples: Samples, series: np.ndarray
) -> dict[str, np.ndarray]:
    """GPP and NEE of each member (member, sample), gC m-2 yr-1."""
    fluxes = model.predict_arrays(series, samples.lat, samples.forest_type)
    return {"gpp": fluxes.gpp, "nee": fluxes.nee}


def season_months(model: Ensemble, samples: Samples) -> np.ndarray:
    """Month of the season (sample, step) at each step of the calendar."""
    months = np.tile(step_months(COMMON_YEAR), (len(samples), 1))
    if model.members[0].settings.half_year_shift:
        # The calendar step that the shift moves to place p of the season has the
        # season's month p.
        return align_season(months, samples.lat)
    return months


def tabulate_activations(model: Ensemble, samples: Samples) -> pd.DataFrame:
    """Mean absolute activation of the convolutional block by forest type and month.

    Returns
    -------
    igbp, pattern, month, activation, activation_sd : `pattern` is the row of the
        block, first the series filtered along time, then for each layer the patterns
        across variables and the joint ones; mean over channels, samples and the steps
        of a month of the season, then mean and standard deviation over members
    """
    first = model.members[0]
    months = step_months(COMMON_YEAR)
    tables = []
    for igbp, rows in iterate_types(samples):
        part = samples.take(rows)
        ready = first.prepare(part.series, part.lat)
        with torch.inference_mode(), one_thread():
            patterns = [
                m.network.patterns(ready).abs().mean((0, 1)) for m in model.members
            ]
        # An activation holds for all the steps that were averaged before the block.
        pooled = first.settings.pooled_steps
        steps = torch.stack(patterns).numpy().repeat(pooled, axis=-1)
        monthly = [steps[..., months == month].mean(-1) for month in range(1, 13)]
        index = pd.MultiIndex.from_product(
            [[igbp], first.pattern_names(), range(1, 13)],
            names=["igbp", "pattern", "month"],
        )
        columns = np.stack(monthly, axis=-1).reshape(len(patterns), -1)
        spread = columns.std(0) if len(columns) > 1 else np.nan
        values = {"activation": columns.mean(0), "activation_sd": spread}
        tables.append(pd.DataFrame(values, index).reset_index())
    return pd.concat(tables, ignore_index=True)
