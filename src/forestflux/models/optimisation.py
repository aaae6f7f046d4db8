"""The optimisation of one transfer step: shuffled batches, averaged weights."""

import logging
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from forestflux.jobs.settings.training_settings import TrainSettings

LOG = logging.getLogger(__name__)


def optimise(
    network: nn.Module,
    settings: TrainSettings,
    *,
    step: str,
    loss: Callable[[Tensor], Tensor],
    count: int,
    rng: np.random.Generator,
) -> None:
    """Run one transfer step; the network ends with the running average of its weights.

    Parameters
    ----------
    network : trained in place
    settings : section `train` of the configuration
    step : whose epochs and learning rate are taken
    loss : of the rows with these numbers (row,)
    count : number of rows
    rng : of their order
    """
    epochs = getattr(settings.epochs, step)
    batches = max(1, round(count / settings.batch_size))
    weights = list(network.parameters())
    average = [part.detach().clone() for part in weights]
    network.train()
    optimiser = torch.optim.AdamW(
        weights,
        lr=getattr(settings.learning_rate, step),
        weight_decay=settings.weight_decay,
        # One pass over all weights: they are few, and each operation on one has its own cost.
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, partial(rate_factor, total=epochs * batches)
    )
    for _ in tqdm(range(epochs), desc=step, leave=False, disable=None):
        total = 0.0
        for rows in np.array_split(rng.permutation(count), batches):
            optimiser.zero_grad()
            value = loss(torch.from_numpy(rows))
            value.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimiser.step()
            schedule.step()
            # Early updates weigh little in the average: they are far from the end.
            update = schedule.last_epoch
            keep = min(settings.weight_average, update / (update + 10))
            torch._foreach_lerp_(average, [w.detach() for w in weights], 1 - keep)
            total += value.item() / batches
    with torch.no_grad():
        for part, mean in zip(weights, average, strict=True):
            part.copy_(mean)
    LOG.info("%s: %d epochs of %d rows, last loss %.4f", step, epochs, count, total)


def rate_factor(update: int, *, total: int) -> float:
    """Share of the full learning rate: up in the first tenth, falling to a tenth."""
    rise = min(1.0, (update + 1) / (0.1 * total))
    return rise * 0.1 ** (update / total)
