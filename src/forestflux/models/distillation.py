"""The transfer step distillation: the network learns the fluxes that teachers predict.

The teachers are classical models: some sixty towers are too few for a network, while support
vectors and boosted trees are smooth by construction. They are fitted to the same training
rows and predict mixtures of two site-years (mixup: Zhang et al. 2018, arXiv 1710.09412); the
network learns their predictions (Hinton et al. 2015, arXiv 1503.02531), with the gaps of
real site-years put into the mixtures. Teachers never see what a fold does not train on.
"""

import numpy as np
import pandas as pd

from forestflux.core.names import FLUXES
from forestflux.jobs.settings.training_settings import Distillation
from forestflux.models.classical.classical_models import ClassicalRegressor
from forestflux.models.flux_model import predict_samples
from forestflux.models.network_inputs import Normalisation, align_season
from forestflux.prepare.sample_table import Samples


def make_mixtures(
    samples: Samples, settings: Distillation, *, rng: np.random.Generator
) -> Samples:
    """Mixtures of forest site-years with the fluxes that the teachers predict.

    Every forest tower is as likely as every other, whatever its years. A mixture has
    the class, the latitude and the gaps of the nearer of its two site-years, and a
    level of its own in each variable. All mixtures are northern: southern site-years
    enter with their seasons aligned and their latitude without its sign.

    Parameters
    ----------
    samples : training rows
    settings : section `train.distillation`: `teachers`, `mixtures`, `offset_noise`
    rng : generator

    Returns
    -------
    Samples whose table has site, igbp, lat, forest, weight and the fluxes, gC m-2 yr-1
    """
    seed = int(rng.integers(2**31))
    teachers = [
        ClassicalRegressor(
            name, candidates=1, inner_folds=2, group="site", n_jobs=1
        ).fit(samples, seed=seed)
        for name in settings.teachers
    ]
    complete = teachers[0].features.fill(
        samples.series, samples.lat, samples.forest_type
    )
    first, second, share = draw_pairs(samples.table, settings.mixtures, rng=rng)
    shares = share[:, None, None]
    series = shares * complete[first] + (1 - shares) * complete[second]
    scale = np.array(Normalisation.of(samples.series, samples.variables).sd)
    offset = rng.standard_normal((*series.shape[:2], 1))
    series += settings.offset_noise * scale[:, None] * offset
    nearer = np.where(share > 0.5, first, second)
    table = samples.table.iloc[nearer].reset_index(drop=True)
    table = table.assign(lat=table["lat"].abs(), weight=1.0)
    fluxes = teacher_predictions(teachers, Samples(series, table, samples.variables))
    gaps = align_season(np.isnan(samples.series), samples.lat)
    gappy = np.where(gaps[nearer], np.nan, series).astype("float32")
    return Samples(gappy, table.assign(**fluxes), samples.variables)


def draw_pairs(
    table: pd.DataFrame, count: int, *, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two forest rows (mixture,) each, and the share 0-1 of the first."""
    forest = table["forest"].astype(float)
    years = forest.groupby(table["site"]).transform("sum").clip(lower=1)
    chance = (forest / years).to_numpy()
    first, second = rng.choice(len(table), (2, count), p=chance / chance.sum())
    return first, second, rng.random(count)


def teacher_predictions(
    teachers: list[ClassicalRegressor], samples: Samples
) -> dict[str, np.ndarray]:
    """Mean of the teachers' fluxes by name (sample,), gC m-2 yr-1."""
    parts = [predict_samples(teacher, samples) for teacher in teachers]
    fluxes = [(part.gpp, part.reco, part.nee) for part in parts]
    return dict(zip(FLUXES, np.mean(fluxes, axis=0), strict=True))
