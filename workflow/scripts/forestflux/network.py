"""The network: patterns along time, across variables and jointly, then the forest type.

After Wu (2019, IEEE JSTARS, doi 10.1109/JSTARS.2019.2954556): a multidimensional
convolutional block reads the year as a 2-D map (variables x steps), the encoded
patterns are adjusted with the forest type, a multilayer perceptron gives the fluxes.
All sizes are settings, assumed, not from the paper.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from forestflux.inputs import TYPES


class ParallelBlock(nn.Module):
    """Three convolutions side by side: along time, across variables, and both at once.

    A map (sample, channel, row, step) becomes one with the same rows, filtered along
    time, and two rows more: what the variables say at one step, and what they say over
    some steps. The year is a circle: padding wraps around.

    Parameters
    ----------
    channels_in, channels : channels of the map before and after
    rows : rows of the map before, variables or patterns
    kernel : steps that a filter sees, odd
    """

    def __init__(
        self, channels_in: int, channels: int, *, rows: int, kernel: int
    ) -> None:
        """Build the three filters."""
        super().__init__()
        self.kernel = kernel
        self.time = nn.Conv1d(channels_in, channels, kernel)
        self.variable = nn.Conv1d(channels_in * rows, channels, 1)
        self.joint = nn.Conv1d(channels_in * rows, channels, kernel)
        self.norm = nn.GroupNorm(1, channels)

    def forward(self, maps: Tensor) -> Tensor:
        """Patterns (sample, channel, row + 2, step) of a map of fewer rows."""
        return functional.silu(self.norm(self.filtered(maps)))

    def filtered(self, maps: Tensor) -> Tensor:
        """The same before normalisation: rows, then across variables, then joint."""
        samples, channels, rows, steps = maps.shape
        half = self.kernel // 2
        wrapped = torch.cat([maps[..., steps - half :], maps, maps[..., :half]], dim=-1)
        # Conv1d over (sample x row): all rows share the filter, and it is faster than
        # Conv2d.
        single = wrapped.transpose(1, 2).reshape(samples * rows, channels, -1)
        time = self.time(single).view(samples, rows, -1, steps).transpose(1, 2)
        variable = self.variable(maps.reshape(samples, channels * rows, steps))
        joint = self.joint(wrapped.reshape(samples, channels * rows, -1))
        return torch.cat([time, torch.stack([variable, joint], dim=2)], dim=2)


class FluxNetwork(nn.Module):
    """Annual GPP and RECO from a year of series with gaps, in standard deviations.

    Parameters
    ----------
    variables : series of the map
    steps : steps of a year
    channels, blocks, kernel : of the convolutional block
    encoded : length of the encoded pattern
    hidden : width of the perceptron
    dropout : share of the encoded pattern that is dropped in training
    """

    def __init__(
        self,
        *,
        variables: int,
        channels: int,
        blocks: int,
        kernel: int,
        encoded: int,
        hidden: int,
        dropout: float,
    ) -> None:
        """Build the layers; sizes are settings, assumed, not from the paper."""
        super().__init__()
        layers, rows, before = [], variables, 2
        for _ in range(blocks):
            layers.append(ParallelBlock(before, channels, rows=rows, kernel=kernel))
            rows, before = rows + 2, channels
        self.block = nn.ModuleList(layers)
        self.encode = nn.Linear(2 * channels * rows, encoded)
        self.adjust = nn.Linear(len(TYPES), 2 * encoded)
        self.dropout = nn.Dropout(dropout)
        self.mlp = nn.Linear(encoded, hidden)
        self.heads = nn.Linear(hidden, 2)
        self.reconstruct = nn.Conv1d(channels * rows, variables, 1)
        nn.init.zeros_(self.adjust.weight)
        nn.init.zeros_(self.adjust.bias)

    def patterns(self, maps: Tensor) -> Tensor:
        """Activations of the convolutional block (sample, channel, row, step).

        A gap becomes the mean of its variable, zero, and the second channel says that
        it is one.
        """
        missing = torch.isnan(maps)
        features = torch.stack(
            [torch.where(missing, 0.0, maps), missing.to(maps.dtype)], dim=1
        )
        for layer in self.block:
            features = layer(features)
        return features

    def forward(self, maps: Tensor, types: Tensor) -> Tensor:
        """GPP and RECO (sample, 2) in standard deviations.

        Parameters
        ----------
        maps : (sample, variable, step) in standard deviations, NaN = gap
        types : (sample, type) one-hot
        """
        features = self.patterns(maps).flatten(1, 2)
        pooled = torch.cat([features.mean(-1), features.amax(-1)], dim=1)
        encoded = functional.silu(self.encode(pooled))
        scale, shift = self.adjust(types).chunk(2, dim=1)
        adjusted = self.dropout(encoded * (1 + scale) + shift)
        return self.heads(functional.silu(self.mlp(adjusted)))

    def restore(self, maps: Tensor) -> Tensor:
        """The series (sample, variable, step), restored for the first transfer step."""
        return self.reconstruct(self.patterns(maps).flatten(1, 2))


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one thread; what was set before comes back.

    One thread fixes the order of every sum, and for a network of this size it is also
    the fastest: jobs run side by side instead.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Torch with this seed; the random state of before comes back."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
