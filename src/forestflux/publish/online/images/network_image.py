"""One trained network as an array image: the same layers as `FluxNetwork`, weight by weight.

Features are kept as an array (channel, row x step). A filter along time is a sum over its taps,
each a small product with a slice of the year closed to a circle: less memory than one product
with all taps side by side.
"""

from dataclasses import dataclass

import ee
import numpy as np
from torch import Tensor, nn

from forestflux.models.convolution_blocks import ParallelBlock
from forestflux.models.flux_network import FluxNetwork
from forestflux.publish.online.images.array_images import (
    add_up,
    column,
    cut,
    join,
    mean_of,
    multiply,
    relu,
    reshape,
    silu,
)


@dataclass(frozen=True)
class Features:
    """What lies between two blocks.

    Attributes
    ----------
    array : (channel, row x step)
    channels, rows, steps : lengths
    """

    array: ee.Image
    channels: int
    rows: int
    steps: int

    def planes(self) -> ee.Image:
        """The same as (channel, row, step)."""
        return reshape(self.array, self.channels, self.rows, self.steps)

    def stacked(self) -> ee.Image:
        """The same as (channel x row, step)."""
        return reshape(self.array, self.channels * self.rows, self.steps)


def build_heads(network: FluxNetwork, features: Features, types: ee.Image) -> ee.Image:
    """The two heads (head, 1) of a network, standard deviations.

    Parameters
    ----------
    network : trained
    features : input of its first block
    types : one-hot forest type (type, 1)
    """
    for block in network.blocks():
        features = apply_block(block, features)
    stacked = features.stacked()
    pooled = join(
        [
            stacked.arrayReduce(reducer, [1])
            for reducer in (ee.Reducer.mean(), ee.Reducer.max())
        ],
        0,
    )
    encoded = silu(apply_layer(network.encode, pooled))
    if network.forest_type == "late":
        both = apply_layer(network.adjust, types)
        length = network.encode.out_features
        scale, shift = cut(both, 0, 0, length), cut(both, 0, length, 2 * length)
        encoded = encoded.multiply(scale.add(1)).add(shift)
    return apply_layer(network.heads, silu(apply_layer(network.mlp, encoded)))


def apply_layer(layer: nn.Linear, image: ee.Image) -> ee.Image:
    """A linear layer on columns (in, 1), (out, 1)."""
    return multiply(numbers(layer.weight), image).add(column(numbers(layer.bias)))


def apply_block(block: ParallelBlock, features: Features) -> Features:
    """Features after a block: its filters side by side, normalised, ReLU."""
    filtered = join_filters(block, features)
    return Features(
        relu(normalise(filtered, block.norm)),
        filtered.channels,
        filtered.rows,
        filtered.steps,
    )


def join_filters(block: ParallelBlock, features: Features) -> Features:
    """The rows of each filter, one behind the other, before normalisation."""
    channels, steps = block.norm.num_channels, features.steps
    taps = slice_taps(features, block.kernel)
    parts, rows = [], 0
    for name in block.filters:
        weight = numbers(getattr(block, name).weight)
        bias = numbers(getattr(block, name).bias)
        made = features.rows if name == "time" else 1
        inner = features.channels * (1 if name == "time" else features.rows)
        if name == "variable":
            total = multiply(weight[:, :, 0], features.stacked())
        else:
            total = add_up(
                [
                    multiply(weight[:, :, tap], reshape(part, inner, made * steps))
                    for tap, part in enumerate(taps)
                ]
            )
        shifted = total.add(column(bias, copies=made * steps))
        parts.append(reshape(shifted, channels, made, steps))
        rows += made
    joined = reshape(join(parts, 1), channels, rows * steps)
    return Features(joined, channels, rows, steps)


def slice_taps(features: Features, kernel: int) -> list[ee.Image]:
    """What each tap of a filter sees, (channel, row, step); the year is a circle."""
    planes, steps, half = features.planes(), features.steps, kernel // 2
    wrapped = join(
        [cut(planes, 2, steps - half, steps), planes, cut(planes, 2, 0, half)], 2
    )
    return [cut(wrapped, 2, tap, tap + steps) for tap in range(kernel)]


def normalise(features: Features, norm: nn.GroupNorm) -> ee.Image:
    """Features in standard deviations of all of them, times a gain, plus a shift."""
    array, copies = features.array, features.rows * features.steps
    mean = mean_of(array)
    variance = mean_of(array.multiply(array)).subtract(mean.multiply(mean))
    factor = column(numbers(norm.weight)).divide(variance.add(norm.eps).sqrt())
    shift = column(numbers(norm.bias)).subtract(factor.multiply(mean))
    return array.multiply(factor.arrayRepeat(1, copies)).add(
        shift.arrayRepeat(1, copies)
    )


def numbers(weights: Tensor) -> np.ndarray:
    """Learnt weights as plain numbers."""
    return weights.detach().numpy()
