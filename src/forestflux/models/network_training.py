"""Training of the network: transfer steps, gaps in training, one seed one result."""

import hashlib
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional

from forestflux.core.climates import climate_of
from forestflux.core.input_errors import InputError
from forestflux.core.names import FLUXES, FOREST_TYPES
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.models.augmentation import augment, mask_mixed
from forestflux.models.distillation import make_mixtures
from forestflux.models.network_inputs import Normalisation, one_hot_types
from forestflux.models.network_regressor import NetworkRegressor, arrange_series
from forestflux.models.optimisation import Schedule, optimise
from forestflux.models.torch_contexts import one_thread, seeded
from forestflux.prepare.sample_table import Samples, UnlabelledSeries


class TrainingRows(NamedTuple):
    """Rows ready for the network.

    Attributes
    ----------
    series : (sample, series, step), standard deviations, NaN = gap
    types : one-hot (sample, type)
    target : GPP, RECO and NEE (sample, 3), standard deviations
    weight : (sample,), mean 1
    """

    series: Tensor
    types: Tensor
    target: Tensor
    weight: Tensor

    def take(self, rows: Tensor) -> "TrainingRows":
        """These rows."""
        return TrainingRows(*(part[rows] for part in self))


def member_seed(seed: int, split: str, fold: int, member: int) -> int:
    """Seed of one member of one fold, the same on every machine."""
    text = f"{seed}/{split}/{fold}/{member}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())


def train_network(
    samples: Samples,
    *,
    settings: TrainSettings,
    seed: int,
    unlabelled: UnlabelledSeries | None = None,
) -> NetworkRegressor:
    """The network that these samples teach; equal seeds give equal weights bit for bit.

    Parameters
    ----------
    samples : all biomes; rows whose `forest` is false serve the step `all_biomes` and,
        as the classical models have them, `distillation`
    settings : section `train` of the configuration
    seed : of initial weights, order, dropout and gaps
    unlabelled : more series for the step `masked_pretraining`, beside the samples' own

    Raises
    ------
    InputError : no forest among the samples
    """
    forest = torch.tensor(samples.table["forest"].to_numpy(bool))
    if not forest.any():
        raise InputError(
            "samples", variable="forest", expected="some forest", found="none"
        )
    series = arrange_series(samples.series, samples.lat, settings=settings)
    fluxes = samples.table.loc[forest.numpy(), list(FLUXES)].to_numpy(float)
    variables = tuple(samples.variables)
    scales = {
        "normalisation": Normalisation.of(series, (*variables, *settings.derived)),
        "flux_scale": Normalisation.of(fluxes, FLUXES),
    }
    steps = settings.steps
    with one_thread(), seeded(seed):
        # The order of the draws from both generators is part of the result: a step
        # that moves changes all weights.
        rng = np.random.default_rng(seed)
        regressor = NetworkRegressor(settings, variables=variables, **scales)
        rows = training_rows(regressor, samples)
        if steps.masked_pretraining:
            if unlabelled is not None and len(unlabelled):
                more = regressor.arrange(unlabelled.series, unlabelled.lat)
                series = np.concatenate([series, more])
            pretrain(regressor, series, rng=rng)
        if steps.all_biomes:
            learn_fluxes(regressor, rows, step="all_biomes", rng=rng)
        if steps.distillation:
            mixtures = make_mixtures(samples, settings.distillation, rng=rng)
            mixed_rows = training_rows(regressor, mixtures)
            learn_fluxes(regressor, mixed_rows, step="distillation", rng=rng)
        if steps.forest:
            learn_fluxes(regressor, rows.take(forest), step="forest", rng=rng)
        if steps.class_weights:
            weight = rows.weight * class_weights(samples.table)
            weighted = rows._replace(weight=weight).take(forest)
            learn_fluxes(regressor, weighted, step="class_weights", rng=rng)
    regressor.network.eval()
    return regressor


def training_rows(regressor: NetworkRegressor, samples: Samples) -> TrainingRows:
    """Samples in the scales of a network, with their weights at mean 1."""
    weight = samples.table["weight"].to_numpy(float)
    fluxes = samples.table[list(FLUXES)].to_numpy(float)
    arrays = (
        regressor.prepare(samples.series, samples.lat).numpy(),
        one_hot_types(samples.forest_type),
        regressor.flux_scale.apply(fluxes),
        weight / weight.mean(),
    )
    return TrainingRows(*(torch.from_numpy(part.astype("float32")) for part in arrays))


def pretrain(
    regressor: NetworkRegressor, series: np.ndarray, *, rng: np.random.Generator
) -> None:
    """Teach the convolutional block to reconstruct masked values of series.

    Parameters
    ----------
    regressor : whose network is trained in place
    series : (sample, series, step) from `NetworkRegressor.arrange`
    rng : of the order of the rows and of what is masked
    """
    network, settings = regressor.network, regressor.settings
    scaled = torch.from_numpy(regressor.normalisation.apply(series))

    def loss(rows: Tensor) -> Tensor:
        truth = scaled[rows]
        masked = mask_mixed(
            truth.numpy(),
            share=1.0,
            max_fraction=settings.artificial_gaps.max_fraction,
            rng=rng,
            maskable=len(regressor.variables),
        )
        reconstructed = network.reconstruct(torch.from_numpy(masked))
        valid = ~torch.isnan(truth)
        return functional.huber_loss(reconstructed[valid], truth[valid])

    optimise(
        network,
        Schedule.of_step(settings, "masked_pretraining"),
        loss=loss,
        count=len(scaled),
        rng=rng,
    )


def learn_fluxes(
    regressor: NetworkRegressor,
    rows: TrainingRows,
    *,
    step: str,
    rng: np.random.Generator,
) -> None:
    """Teach the network the fluxes of these rows, in place.

    Parameters
    ----------
    step : transfer step whose epochs and learning rate are taken
    rng : of the order of the rows and of the augmentation
    """
    settings = regressor.settings
    loss_weight = torch.tensor(
        [getattr(settings.loss, flux) for flux in FLUXES], dtype=torch.float32
    )

    def loss(chosen: Tensor) -> Tensor:
        part = rows.take(chosen)
        series = augment(
            part.series.numpy(), settings, rng=rng, maskable=len(regressor.variables)
        )
        output = regressor.network(torch.from_numpy(series), part.types)
        error = functional.huber_loss(
            regressor.close_fluxes(output),
            part.target,
            reduction="none",
            delta=settings.huber,
        )
        return ((error * loss_weight).sum(1) * part.weight).mean()

    optimise(
        regressor.network,
        Schedule.of_step(settings, step),
        loss=loss,
        count=len(rows.series),
        rng=rng,
    )


def class_weights(table: pd.DataFrame) -> Tensor:
    """Weights float32 (sample,) that even out forest types and climates, mean 1 over forest.

    A class is a forest type in a climate. Its weight is one over the square root of its
    number of sites, a compromise between equal rows and equal classes, so that a
    single-site class does not dominate.
    """
    group = table["igbp"].astype(str) + climate_of(table["lat"].to_numpy())
    sites = table["site"].groupby(group).transform("nunique")
    weight = 1 / np.sqrt(sites.to_numpy(float))
    forest = table["igbp"].isin(FOREST_TYPES).to_numpy()
    return torch.from_numpy((weight / weight[forest].mean()).astype("float32"))
