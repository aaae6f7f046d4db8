"""What fast inference does between its filters: fused for a processor, eager in torch.

`FusedBackend` calls the compiled loops of `kernels`. `EagerBackend` is torch's own operations,
for a GPU. Both have the same methods and give the same numbers within rounding.
"""

from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from forestflux.ensemble.fast import kernels
from forestflux.models.flux_network import FluxNetwork
from forestflux.models.normalised_convolution import PRIOR_WEIGHTS


class Filtered(NamedTuple):
    """What the filters of a block give, before normalisation and ReLU.

    Attributes
    ----------
    rows : (cell, row, step, channel), filtered along time
    across : (cell, step, row, channel), the rows that see all rows, which come after the others
    """

    rows: Tensor
    across: Tensor


class Affine(Protocol):
    """Gain and shift of a block's normalisation (channel,)."""

    @property
    def gain(self) -> Tensor:
        """Factor of each number."""
        ...

    @property
    def shift(self) -> Tensor:
        """What is added to each number."""
        ...


class Backend(Protocol):
    """The operations between the filters."""

    def channels(self, network: FluxNetwork, series: Tensor, types: Tensor) -> Tensor:
        """Input of the first block, as `FluxNetwork.channels`."""
        ...

    def activate(self, filtered: Filtered, block: Affine, half: int) -> Tensor:
        """Normalised, through ReLU, the year wrapped.

        Returns
        -------
        (cell, row, half + step + half, channel)
        """
        ...

    def pool(self, filtered: Filtered, block: Affine) -> Tensor:
        """Means, then largest numbers over the steps, float32 (cell, 2 * row and channel)."""
        ...


class FusedBackend:
    """Compiled loops, a cell at a time; tensors are float32 or bfloat16; see `Backend`."""

    def channels(self, network: FluxNetwork, series: Tensor, types: Tensor) -> Tensor:
        """As `Backend.channels`."""
        if network.gap_handling != "normalised_convolution":
            return network.channels(series, types)
        smooth, valid_share = smooth_in_loops(series, network.narrow, network.wide)
        return network.stack_channels(smooth, valid_share, types)

    def activate(self, filtered: Filtered, block: Affine, half: int) -> Tensor:
        """As `Backend.activate`."""
        cells, steps, more, channels = filtered.across.shape
        shape = (cells, filtered.rows.shape[1] + more, steps + 2 * half, channels)
        padded = torch.empty(shape, dtype=filtered.across.dtype)
        kernels.activate(
            *flat(filtered),
            *year_affine(block, steps),
            half * channels,
            raw(padded.flatten(2)),
        )
        return padded

    def pool(self, filtered: Filtered, block: Affine) -> Tensor:
        """As `Backend.pool`."""
        cells, steps, more, channels = filtered.across.shape
        features = (filtered.rows.shape[1] + more) * channels
        pooled = torch.empty(cells, 2 * features)
        kernels.pool(*flat(filtered), *year_affine(block, steps), pooled.numpy())
        return pooled


def smooth_in_loops(
    series: Tensor, narrow: Tensor, wide: Tensor
) -> tuple[Tensor, Tensor]:
    """`forestflux.models.normalised_convolution.smooth_over_gaps` on a processor."""
    rows = series.flatten(0, 1)
    both = torch.empty(2 * len(rows), rows.shape[1])
    kernels.split_valid(rows.numpy(), both.numpy())
    year = torch.ones(rows.shape[1], 1)
    sums = both @ torch.cat([narrow, wide, year], dim=1)
    smooth, valid_share = torch.empty_like(rows), torch.empty_like(rows)
    kernels.smooth_over_gaps(
        sums.numpy(),
        (1 / narrow.sum(0)).numpy(),
        tuple(np.float32(weight) for weight in PRIOR_WEIGHTS),
        smooth.numpy(),
        valid_share.numpy(),
    )
    return smooth.view(series.shape), valid_share.view(series.shape)


class EagerBackend:
    """Torch's own operations, on any device; see `Backend`."""

    def channels(self, network: FluxNetwork, series: Tensor, types: Tensor) -> Tensor:
        """As `Backend.channels`."""
        return network.channels(series, types)

    def activate(self, filtered: Filtered, block: Affine, half: int) -> Tensor:
        """As `Backend.activate`."""
        return wrap_year(self._active(filtered, block).to(filtered.rows.dtype), half)

    def pool(self, filtered: Filtered, block: Affine) -> Tensor:
        """As `Backend.pool`."""
        active = self._active(filtered, block)
        return torch.cat([active.mean(2).flatten(1), active.amax(2).flatten(1)], dim=1)

    @staticmethod
    def _active(filtered: Filtered, block: Affine) -> Tensor:
        both = torch.cat([filtered.rows, filtered.across.transpose(1, 2)], dim=1)
        normal = functional.layer_norm(
            both.float(), both.shape[1:], eps=float(kernels.EPSILON)
        )
        return functional.relu(normal * block.gain + block.shift)


def wrap_year(features: Tensor, half: int) -> Tensor:
    """Features (cell, row, half + step + half, channel): circular padding of the steps."""
    steps = features.shape[2]
    parts = [features[:, :, steps - half :], features, features[:, :, :half]]
    return torch.cat(parts, dim=2)


def raw(tensor: Tensor) -> np.ndarray:
    """A tensor's memory as numpy knows it: bfloat16 as uint16."""
    bits = tensor.dtype == torch.bfloat16
    return (tensor.view(torch.uint16) if bits else tensor).numpy()


def flat(filtered: Filtered) -> tuple[np.ndarray, np.ndarray]:
    """Rows with their year in one piece (cell, row, number), and those across rows."""
    rows, across = (raw(part.contiguous()) for part in filtered)
    cells, count, steps, channels = rows.shape
    return rows.reshape(cells, count, steps * channels), across


def year_affine(block: Affine, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Gain and shift of every number of a row's year (number,)."""
    return block.gain.repeat(steps).numpy(), block.shift.repeat(steps).numpy()
