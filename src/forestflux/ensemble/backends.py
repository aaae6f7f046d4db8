"""What the engine does between its filters, twice: compiled for a processor, plain in torch.

`Compiled` calls `kernels`. `Plain` is torch's own operations, for a GPU. Both have the same
methods and give the same numbers within rounding.
"""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from forestflux.ensemble import kernels
from forestflux.models.flux_network import PRIORS, FluxNetwork


class Affine(Protocol):
    """What the passes need of a block: gain and shift of its norm (step, feature)."""

    gain: Tensor
    shift: Tensor


class Compiled:
    """The passes on a processor, a cell at a time; tensors are float32 or bfloat16."""

    @staticmethod
    def read(network: FluxNetwork, series: Tensor, types: Tensor) -> Tensor:
        """What the first block is given, as `FluxNetwork.read`."""
        if network.gap_handling != "normalised_convolution":
            return network.read(series, types)
        rows = series.flatten(0, 1)
        both = torch.empty(2 * len(rows), rows.shape[1])
        kernels.valid(rows.numpy(), both.numpy())
        year = torch.ones(rows.shape[1], 1)
        sums = both @ torch.cat([network.narrow, network.wide, year], dim=1)
        filled, known = torch.empty_like(rows), torch.empty_like(rows)
        kernels.read_gaps(
            sums.numpy(),
            (1 / network.narrow.sum(0)).numpy(),
            tuple(np.float32(PRIORS)),
            filled.numpy(),
            known.numpy(),
        )
        return network.map_of(
            filled.view(series.shape), known.view(series.shape), types
        )

    @staticmethod
    def activate(filtered: Tensor, block: Affine, half: int) -> Tensor:
        """Normalised, through SiLU, the year continued: (cell, half + step + half, feature).

        Parameters
        ----------
        filtered : (cell, step, feature)
        """
        cells, steps, features = filtered.shape
        padded = torch.empty(cells, steps + 2 * half, features, dtype=filtered.dtype)
        kernels.activate(
            flat(filtered),
            *flat_affine(block),
            half * features,
            raw(padded).reshape(cells, -1),
        )
        return padded

    @staticmethod
    def pool(filtered: Tensor, block: Affine) -> Tensor:
        """Means, then largest numbers over the steps, float32 (cell, 2 * feature).

        Parameters
        ----------
        filtered : (cell, step, feature), before normalisation and SiLU
        """
        cells, _, features = filtered.shape
        pooled = torch.empty(cells, 2 * features)
        kernels.pool(flat(filtered), *flat_affine(block), pooled.numpy())
        return pooled


class Plain:
    """The same in torch's own operations, on any device; see `Compiled`."""

    @staticmethod
    def read(network: FluxNetwork, series: Tensor, types: Tensor) -> Tensor:
        """As `Compiled.read`."""
        return network.read(series, types)

    @staticmethod
    def activate(filtered: Tensor, block: Affine, half: int) -> Tensor:
        """As `Compiled.activate`."""
        return wrapped(Plain._active(filtered, block).to(filtered.dtype), half)

    @staticmethod
    def pool(filtered: Tensor, block: Affine) -> Tensor:
        """As `Compiled.pool`."""
        active = Plain._active(filtered, block)
        return torch.cat([active.mean(1), active.amax(1)], dim=1)

    @staticmethod
    def _active(filtered: Tensor, block: Affine) -> Tensor:
        normal = functional.layer_norm(
            filtered.float(), filtered.shape[1:], eps=float(kernels.EPSILON)
        )
        return functional.silu(normal * block.gain + block.shift)


def wrapped(features: Tensor, half: int) -> Tensor:
    """The year (cell, step, feature) continued on both sides by steps of its other end."""
    steps = features.shape[1]
    return torch.cat([features[:, steps - half :], features, features[:, :half]], dim=1)


def raw(tensor: Tensor) -> np.ndarray:
    """A tensor's memory as numpy knows it: bfloat16 as uint16."""
    bits = tensor.dtype == torch.bfloat16
    return (tensor.view(torch.uint16) if bits else tensor).numpy()


def flat(filtered: Tensor) -> np.ndarray:
    """A cell's whole year in one row (cell, number)."""
    return raw(filtered.contiguous()).reshape(len(filtered), -1)


def flat_affine(block: Affine) -> list[np.ndarray]:
    """Gain and shift of every number of a year (number,)."""
    return [part.flatten().numpy() for part in (block.gain, block.shift)]
