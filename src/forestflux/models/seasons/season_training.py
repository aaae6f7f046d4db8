"""Training of the season network on the months of towers; one seed, one result."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from forestflux.core.input_errors import InputError
from forestflux.jobs.settings.flux_settings import SeasonSettings
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.models.augmentation import augment
from forestflux.models.network_inputs import Normalisation, one_hot_types
from forestflux.models.network_regressor import arrange_series
from forestflux.models.optimisation import Schedule, optimise
from forestflux.models.seasons.season_regressor import (
    SeasonRegressor,
    choose_calendars,
)
from forestflux.models.torch_contexts import one_thread, seeded
from forestflux.prepare.sample_table import Samples


class SeasonRows(NamedTuple):
    """Rows ready for the season network.

    Attributes
    ----------
    series : (sample, series, step), standard deviations, NaN = gap
    types : one-hot (sample, type)
    calendars : (sample,), as `choose_calendars` gives them
    annual : GPP and RECO of the year (sample, flux), gC m-2 yr-1
    months : GPP, RECO and NEE (sample, flux, month), gC m-2 month-1
    weight : (sample,), mean 1
    """

    series: Tensor
    types: Tensor
    calendars: Tensor
    annual: Tensor
    months: Tensor
    weight: Tensor

    def take(self, rows: Tensor) -> "SeasonRows":
        """These rows."""
        return SeasonRows(*(part[rows] for part in self))


def train_season(
    samples: Samples,
    months: np.ndarray,
    *,
    settings: SeasonSettings,
    train: TrainSettings,
    seed: int,
) -> SeasonRegressor:
    """The season network that these samples teach; equal seeds give equal weights.

    The loss compares GPP, RECO and NEE of each month, made of the measured year and the shares
    that the network gives.

    Parameters
    ----------
    samples : all biomes; those without months teach nothing
    months : GPP and RECO (sample, flux, month), gC m-2 month-1; NaN where there are none
    settings : section `fluxes.season`
    train : section `train`, of which gaps, noise, sizes of updates and the arrangement of the
        series count
    seed : of initial weights, order, gaps and noise

    Raises
    ------
    InputError : no sample has months
    """
    taught = np.isfinite(months).all(axis=(1, 2))
    if not taught.any():
        raise InputError(
            "site_months.csv",
            variable="gpp, nee",
            expected="months of some site-year that trains",
            found="none",
        )
    own = samples.take(taught)
    series = arrange_series(own.series, own.lat, settings=train)
    names = (*own.variables, *train.derived)
    normalisation = Normalisation.of(series, names)
    with one_thread(), seeded(seed):
        rng = np.random.default_rng(seed)
        regressor = SeasonRegressor(
            settings, train, variables=own.variables, normalisation=normalisation
        )
        learn_season(regressor, season_rows(regressor, own, months[taught]), rng=rng)
    regressor.network.eval()
    return regressor


def season_rows(
    regressor: SeasonRegressor, samples: Samples, months: np.ndarray
) -> SeasonRows:
    """Samples with their months in the scales of a network, weights at mean 1."""
    gpp, reco = months.transpose(1, 0, 2)
    weight = samples.table["weight"].to_numpy(float)
    arrays = (
        regressor.prepare(samples.series, samples.lat).numpy(),
        one_hot_types(samples.forest_type),
        choose_calendars(samples.lat, samples.table["year"].to_numpy(int)),
        months.sum(axis=-1),
        np.stack([gpp, reco, reco - gpp], axis=1),
        weight / weight.mean(),
    )
    return SeasonRows(
        *(
            torch.from_numpy(part if part.dtype.kind == "i" else part.astype("float32"))
            for part in arrays
        )
    )


def learn_season(
    regressor: SeasonRegressor, rows: SeasonRows, *, rng: np.random.Generator
) -> None:
    """Teach the network the months of these rows, in place.

    Parameters
    ----------
    rng : of the order of the rows and of the augmentation
    """
    train = regressor.train
    # A shift in time would move a series into other months.
    still = train.model_copy(update={"jitter": 0})
    scale = rows.months.std(dim=(0, 2))[:, None]

    def loss(chosen: Tensor) -> Tensor:
        part = rows.take(chosen)
        series = augment(
            part.series.numpy(), still, rng=rng, maskable=len(regressor.variables)
        )
        shares = regressor.shares(torch.from_numpy(series), part.types, part.calendars)
        gpp, reco = (shares * part.annual[:, :, None]).unbind(dim=1)
        error = functional.huber_loss(
            torch.stack([gpp, reco, reco - gpp], dim=1) / scale,
            part.months / scale,
            reduction="none",
            delta=regressor.settings.huber,
        )
        return (error.mean(dim=(1, 2)) * part.weight).mean()

    schedule = Schedule(
        name="season",
        epochs=regressor.settings.epochs,
        learning_rate=regressor.settings.learning_rate,
        batch_size=train.batch_size,
        weight_decay=train.weight_decay,
        weight_average=train.weight_average,
    )
    optimise(regressor.network, schedule, loss=loss, count=len(rows.series), rng=rng)
