"""Reasons: what a variable in a month adds to the estimate, what the network sees."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from forestflux.calendar import step_months
from forestflux.ensemble import Model
from forestflux.inputs import HALF_YEAR
from forestflux.names import FOREST_TYPES
from forestflux.samples import Samples

# The months of the steps are the same in every year but for leap days; this one has
# none.
COMMON_YEAR = 2003


def importance(model: Model, samples: Samples) -> pd.DataFrame:
    """Change of the estimate when a variable is hidden in a month, by forest type.

    The observed series is the baseline, and the values are hidden by the network's own
    gap channel, which it knows from training: no value is invented. Months are those of
    the season: where the model turns southern years by half a year, July is the middle
    of the summer on both hemispheres.

    Parameters
    ----------
    model : the trained ensemble
    samples : the site-years to explain; other classes than forest are left out

    Returns
    -------
    igbp, variable, month (1-12), gpp, nee : mean over samples of the absolute change,
        mean over members, gC m-2 yr-1
    gpp_sd, nee_sd : its standard deviation over members
    """
    samples = samples.take(samples.table["igbp"].isin(FOREST_TYPES).to_numpy())
    rows = []
    for name, month, change in changes(model, samples, season_months(model, samples)):
        size = {flux: abs(values) for flux, values in change.items()}
        rows += by_type(size, samples, variable=name, month=month)
    return pd.DataFrame(rows).sort_values(
        ["igbp", "variable", "month"], ignore_index=True, kind="stable"
    )


def changes(
    model: Model, samples: Samples, months: np.ndarray
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
    whole = fluxes_of(model, samples, samples.maps)
    cases = [(name, month) for name in samples.variables for month in range(1, 13)]
    for name, month in tqdm(cases, desc="hidden", disable=None):
        maps = samples.maps.copy()
        maps[:, samples.variables.index(name)][months == month] = np.nan
        hidden = fluxes_of(model, samples, maps)
        yield name, month, {flux: hidden[flux] - whole[flux] for flux in whole}


def fluxes_of(
    model: Model, samples: Samples, maps: np.ndarray
) -> dict[str, np.ndarray]:
    """GPP and NEE of each member (member, sample), gC m-2 yr-1."""
    codes = samples.table["igbp"].map(FOREST_TYPES.index).to_numpy() + 1
    gpp, reco = model.predict_maps(maps, samples.table["lat"].to_numpy(float), codes)
    return {"gpp": gpp, "nee": reco - gpp}


def season_months(model: Model, samples: Samples) -> np.ndarray:
    """Month of the season (sample, step) at each step of the calendar."""
    months = np.tile(step_months(COMMON_YEAR), (len(samples), 1))
    if model.members[0].settings["half_year_shift"]:
        south = samples.table["lat"].to_numpy(float) < 0
        # The calendar step that the shift moves to place p of the season has the
        # season's month p.
        months[south] = np.roll(months[south], -HALF_YEAR, axis=1)
    return months


def by_type(
    change: dict[str, np.ndarray], samples: Samples, *, variable: str, month: int
) -> list[dict]:
    """One row per forest type: mean over samples, then mean and spread over members."""
    rows = []
    for igbp in FOREST_TYPES:
        chosen = (samples.table["igbp"] == igbp).to_numpy()
        if chosen.any():
            member = {flux: part[:, chosen].mean(1) for flux, part in change.items()}
            row = {"igbp": igbp, "variable": variable, "month": month}
            row |= {flux: values.mean() for flux, values in member.items()}
            row |= {f"{flux}_sd": values.std() for flux, values in member.items()}
            rows.append(row)
    return rows


def activation_maps(model: Model, samples: Samples) -> pd.DataFrame:
    """Mean absolute activation of the convolutional block by forest type and step.

    Returns
    -------
    igbp, pattern, step, activation : `pattern` is the row of the block's map, first the
        series filtered along time, then for each layer the patterns across variables
        and the joint ones; mean over channels, samples and members
    """
    first = model.members[0]
    names = first.pattern_names()
    tables = []
    for igbp in FOREST_TYPES:
        chosen = (samples.table["igbp"] == igbp).to_numpy()
        if not chosen.any():
            continue
        part = samples.take(chosen)
        ready = first.prepare(part.maps, part.table["lat"].to_numpy(float))
        with torch.inference_mode():
            maps = [m.network.patterns(ready).abs().mean((0, 1)) for m in model.members]
        mean = torch.stack(maps).mean(0).numpy()
        # An activation holds for all the steps that were averaged before the block.
        mean = mean.repeat(first.settings["pooled_steps"], axis=1)
        index = pd.MultiIndex.from_product(
            [[igbp], names, range(mean.shape[1])], names=["igbp", "pattern", "step"]
        )
        tables.append(pd.Series(mean.ravel(), index, name="activation").reset_index())
    return pd.concat(tables, ignore_index=True)
