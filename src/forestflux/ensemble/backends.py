"""What fast inference does between its filters: fused for a processor, eager in torch.

`FusedBackend` calls the compiled loops of `kernels`. `EagerBackend` is torch's own operations,
for a GPU. Both have the same methods and give the same numbers within rounding.
"""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from forestflux.ensemble import kernels
from forestflux.models.flux_network import FluxNetwork
from forestflux.models.normalised_convolution import PRIOR_WEIGHTS


class Affine(Protocol):
    """Gain and shift of a block's normalisation (step, feature)."""

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

    def activate(self, filtered: Tensor, block: Affine, half: int) -> Tensor:
        """Normalised, through SiLU, the year wrapped: (cell, half + step + half, feature).

        Parameters
        ----------
        filtered : (cell, step, feature)
        """
        ...

    def pool(self, filtered: Tensor, block: Affine) -> Tensor:
        """Means, then largest numbers over the steps, float32 (cell, 2 * feature).

        Parameters
        ----------
        filtered : (cell, step, feature), before normalisation and SiLU
        """
        ...


class FusedBackend:
    """Compiled loops, a cell at a time; tensors are float32 or bfloat16; see `Backend`."""

    def channels(self, network: FluxNetwork, series: Tensor, types: Tensor) -> Tensor:
        """As `Backend.channels`."""
        if network.gap_handling != "normalised_convolution":
            return network.channels(series, types)
        smooth, valid_share = smooth_in_loops(series, network.narrow, network.wide)
        return network.stack_channels(smooth, valid_share, types)

    def activate(self, filtered: Tensor, block: Affine, half: int) -> Tensor:
        """As `Backend.activate`."""
        cells, steps, features = filtered.shape
        padded = torch.empty(cells, steps + 2 * half, features, dtype=filtered.dtype)
        gain, shift = flat_affine(block)
        kernels.activate(
            flat(filtered), gain, shift, half * features, raw(padded).reshape(cells, -1)
        )
        return padded

    def pool(self, filtered: Tensor, block: Affine) -> Tensor:
        """As `Backend.pool`."""
        cells, _, features = filtered.shape
        pooled = torch.empty(cells, 2 * features)
        gain, shift = flat_affine(block)
        kernels.pool(flat(filtered), gain, shift, pooled.numpy())
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

    def activate(self, filtered: Tensor, block: Affine, half: int) -> Tensor:
        """As `Backend.activate`."""
        return wrap_year(self._active(filtered, block).to(filtered.dtype), half)

    def pool(self, filtered: Tensor, block: Affine) -> Tensor:
        """As `Backend.pool`."""
        active = self._active(filtered, block)
        return torch.cat([active.mean(1), active.amax(1)], dim=1)

    @staticmethod
    def _active(filtered: Tensor, block: Affine) -> Tensor:
        normal = functional.layer_norm(
            filtered.float(), filtered.shape[1:], eps=float(kernels.EPSILON)
        )
        return functional.silu(normal * block.gain + block.shift)


def wrap_year(features: Tensor, half: int) -> Tensor:
    """Features (cell, half + step + half, feature): circular padding of the steps."""
    steps = features.shape[1]
    return torch.cat([features[:, steps - half :], features, features[:, :half]], dim=1)


def raw(tensor: Tensor) -> np.ndarray:
    """A tensor's memory as numpy knows it: bfloat16 as uint16."""
    bits = tensor.dtype == torch.bfloat16
    return (tensor.view(torch.uint16) if bits else tensor).numpy()


def flat(filtered: Tensor) -> np.ndarray:
    """A cell's whole year in one row (cell, number)."""
    return raw(filtered.contiguous()).reshape(len(filtered), -1)


def flat_affine(block: Affine) -> tuple[np.ndarray, np.ndarray]:
    """Gain and shift of every number of a year (number,)."""
    return block.gain.flatten().numpy(), block.shift.flatten().numpy()
