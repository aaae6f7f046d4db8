"""The optimisation of one transfer step: shuffled batches, averaged weights."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from forestflux.jobs.settings.training_settings import TrainSettings

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a network learns.

    Attributes
    ----------
    name : of the step, for the log
    epochs : passes over all rows
    learning_rate : the highest one
    batch_size : rows of an update
    weight_decay, weight_average : as in section `train`
    """

    name: str
    epochs: int
    learning_rate: float
    batch_size: int
    weight_decay: float
    weight_average: float

    @classmethod
    def of_step(cls, settings: TrainSettings, step: str) -> Self:
        """The schedule of a transfer step of section `train`."""
        return cls(
            name=step,
            epochs=getattr(settings.epochs, step),
            learning_rate=getattr(settings.learning_rate, step),
            batch_size=settings.batch_size,
            weight_decay=settings.weight_decay,
            weight_average=settings.weight_average,
        )


def optimise(
    network: nn.Module,
    schedule: Schedule,
    *,
    loss: Callable[[Tensor], Tensor],
    count: int,
    rng: np.random.Generator,
) -> None:
    """Teach a network; it ends with the running average of its weights.

    Parameters
    ----------
    network : trained in place
    schedule : how long and how fast
    loss : of the rows with these numbers (row,)
    count : number of rows
    rng : of their order
    """
    epochs = schedule.epochs
    batches = max(1, round(count / schedule.batch_size))
    weights = list(network.parameters())
    average = [part.detach().clone() for part in weights]
    network.train()
    optimiser = torch.optim.AdamW(
        weights,
        lr=schedule.learning_rate,
        weight_decay=schedule.weight_decay,
        # One pass over all weights: they are few, and each operation on one has its own cost.
        fused=True,
    )
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimiser, partial(rate_factor, total=epochs * batches)
    )
    for _ in tqdm(range(epochs), desc=schedule.name, leave=False, disable=None):
        total = 0.0
        for rows in np.array_split(rng.permutation(count), batches):
            optimiser.zero_grad()
            value = loss(torch.from_numpy(rows))
            value.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimiser.step()
            rate.step()
            # Early updates weigh little in the average: they are far from the end.
            update = rate.last_epoch
            keep = min(schedule.weight_average, update / (update + 10))
            torch._foreach_lerp_(average, [w.detach() for w in weights], 1 - keep)
            total += value.item() / batches
    with torch.no_grad():
        for part, mean in zip(weights, average, strict=True):
            part.copy_(mean)
    LOG.info(
        "%s: %d epochs of %d rows, last loss %.4f", schedule.name, epochs, count, total
    )


def rate_factor(update: int, *, total: int) -> float:
    """Share of the full learning rate: up in the first tenth, falling to a tenth."""
    rise = min(1.0, (update + 1) / (0.1 * total))
    return rise * 0.1 ** (update / total)
