"""The transfer step imitate: what classical models say of mixtures of site-years.

Some sixty towers are too few to bend a network, while support vectors and boosted trees
are smooth by construction. They are fitted to the same training rows, asked about
mixtures of two site-years (Zhang et al. 2018, arXiv 1710.09412), and the network learns
their answers (distillation: Hinton et al. 2015, arXiv 1503.02531), with the gaps of real
site-years put into the mixtures. What a fold does not train on, they never see.
"""

import numpy as np
import pandas as pd

from forestflux.core.names import FLUXES
from forestflux.models.classical_models import BaselineEstimator, make_estimator
from forestflux.models.network_inputs import HALF_YEAR, Normalisation
from forestflux.prepare.sample_table import Samples


def mix(samples: Samples, settings: dict, *, rng: np.random.Generator) -> Samples:
    """Mixtures of forest site-years with the fluxes that the classical models give.

    Every forest tower is as likely as every other, whatever its years. A mixture has
    the class, the latitude and the gaps of the nearer of its two site-years, and a
    level of its own in each variable. Southern years are turned and count as northern.

    Parameters
    ----------
    samples : training rows
    settings : section `train.imitate`: `models`, `mixtures`, `offset_noise`
    rng : generator

    Returns
    -------
    Samples whose table has site, igbp, lat, forest, weight and the fluxes, gC m-2 yr-1
    """
    teachers = [
        make_estimator(name, {"candidates": 1, "inner_folds": 2})
        for name in settings["teachers"]
    ]
    seed = int(rng.integers(2**31))
    for teacher in teachers:
        teacher.fit(samples, seed=seed)
    complete = teachers[0].features.filled(samples)
    first, second, share = draw_pairs(samples.table, settings["mixtures"], rng=rng)
    shares = share[:, None, None]
    series = shares * complete[first] + (1 - shares) * complete[second]
    scale = np.array(Normalisation.of(samples.series, samples.variables).sd)
    offset = rng.standard_normal((*series.shape[:2], 1))
    series += settings["offset_noise"] * scale[:, None] * offset
    nearer = np.where(share > 0.5, first, second)
    table = samples.table.iloc[nearer].reset_index(drop=True)
    table = table.assign(lat=table["lat"].abs(), weight=1.0)
    answered = answers(teachers, Samples(series, table, samples.variables))
    gappy = np.where(turned_gaps(samples)[nearer], np.nan, series).astype("float32")
    return Samples(gappy, table.assign(**answered), samples.variables)


def draw_pairs(
    table: pd.DataFrame, count: int, *, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two forest rows (mixture,) each, and the share 0-1 of the first."""
    forest = table["forest"].astype(float)
    years = forest.groupby(table["site"]).transform("sum").clip(lower=1)
    chance = (forest / years).to_numpy()
    first, second = rng.choice(len(table), (2, count), p=chance / chance.sum())
    return first, second, rng.random(count)


def answers(teachers: list[BaselineEstimator], samples: Samples) -> dict:
    """Mean of the classical models' fluxes by name (sample,), gC m-2 yr-1."""
    parts = [teacher.predict(samples) for teacher in teachers]
    fluxes = ((part.gpp, part.reco, part.nee) for part in parts)
    return dict(zip(FLUXES, np.mean(list(fluxes), axis=0), strict=True))


def turned_gaps(samples: Samples) -> np.ndarray:
    """Gaps (sample, variable, step) with summer in the middle."""
    gaps = np.isnan(samples.series)
    south = samples.table["lat"].to_numpy(float) < 0
    gaps[south] = np.roll(gaps[south], HALF_YEAR, axis=2)
    return gaps
