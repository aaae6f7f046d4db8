"""Fast inference: the same networks, their filters laid out for a processor, cells in the cache.

The reference is `NetworkRegressor.predict_prepared`, member by member in float32; this gives
its numbers within `TOLERANCE`, to which the tests hold it. What differs:

- The filters across variables and the joint ones are one filter over all rows, and all numbers
  lie with the channels of a step together (channels last), so that each filter is one matrix
  product for all cells.
- Normalisation, ReLU and pooling go through each cell once (`forestflux.ensemble.fast.kernels`).
- Weights and what passes between the blocks may be bfloat16; sums, normalisation and
  the perceptron are float32.

A cell's numbers do not depend on the cells beside it: parts are filled up to one length.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from forestflux.core.input_errors import InputError
from forestflux.ensemble.fast.backends import (
    Backend,
    EagerBackend,
    Filtered,
    FusedBackend,
    wrap_year,
)
from forestflux.models.convolution_blocks import ParallelBlock
from forestflux.models.flux_network import FluxNetwork
from forestflux.models.network_regressor import NetworkRegressor

# Cells that go through all layers together: on a processor what they need stays in the
# cache of a core, on a GPU there must be enough of them to keep it busy, but no more than a
# job's batch (`infer.batch_cells`), because what is not full is filled up.
CELLS = {"cpu": 256, "cuda": 2048}
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
# Largest difference to the reference of a member's flux, in standard deviations of the
# flux among the training rows, and its root mean square over cells.
TOLERANCE = {"float32": (1e-4, 1e-5), "bfloat16": (0.05, 0.005)}


@dataclass(frozen=True)
class Block:
    """The filters of a convolutional block, channels last.

    Attributes
    ----------
    time : (channel, channel in, 1, step), along each row; no channel where there is none
    time_bias : (channel,)
    across : (filter and channel, channel in, row, step), over all rows: across variables, joint
    across_bias : (filter and channel,)
    gain, shift : float32 (channel,), of the normalisation
    """

    time: Tensor
    time_bias: Tensor
    across: Tensor
    across_bias: Tensor
    gain: Tensor
    shift: Tensor

    @classmethod
    def of(cls, block: ParallelBlock) -> "Block":
        """The filters of a trained block; float32."""
        before, rows, kernel = block.channels_in, block.rows, block.kernel
        time, time_bias = torch.empty(0, before, 1, kernel), torch.empty(0)
        across, across_bias = [torch.empty(0, before, rows, kernel)], [torch.empty(0)]
        for name in block.filters:
            layer = getattr(block, name)
            weight, bias = layer.weight.detach(), layer.bias.detach()
            if name == "time":
                time, time_bias = weight.unsqueeze(2), bias
                continue
            part = weight.unflatten(1, (before, rows))
            if name == "variable":  # the same as a joint filter that sees one step
                part = functional.pad(part, (kernel // 2, kernel // 2))
            across.append(part)
            across_bias.append(bias)
        norm = (block.norm.weight.detach(), block.norm.bias.detach())
        return cls(time, time_bias, torch.cat(across), torch.cat(across_bias), *norm)

    def to(self, device: str, dtype: torch.dtype) -> "Block":
        """The same where it is used; the filters in another precision."""
        last = torch.channels_last
        return Block(
            self.time.to(device, dtype, memory_format=last),
            self.time_bias.to(device, dtype),
            self.across.to(device, dtype, memory_format=last),
            self.across_bias.to(device, dtype),
            self.gain.to(device),
            self.shift.to(device),
        )

    def filtered(self, padded: Tensor) -> Filtered:
        """What the filters make of padded features (cell, row, step, channel)."""
        features = padded.permute(0, 3, 1, 2)
        steps = padded.shape[2] - self.time.shape[3] + 1
        if len(self.time):
            rows = functional.conv2d(features, self.time, self.time_bias)
            rows = rows.permute(0, 2, 3, 1)
        else:
            rows = padded.new_empty(len(padded), 0, steps, len(self.gain))
        if len(self.across):
            across = functional.conv2d(features, self.across, self.across_bias)[:, :, 0]
            across = across.transpose(1, 2).unflatten(2, (-1, len(self.gain)))
        else:
            across = padded.new_empty(len(padded), steps, 0, len(self.gain))
        return Filtered(rows, across)


@dataclass(frozen=True)
class Head:
    """What follows the pooling, of all members at once; the member is the first dimension.

    Attributes
    ----------
    encode, mlp, heads, adjust : weights (member, in, out)
    encode_bias, ... : (member, 1, out)
    late : whether the forest type adjusts the encoded pattern
    """

    encode: Tensor
    encode_bias: Tensor
    adjust: Tensor
    adjust_bias: Tensor
    mlp: Tensor
    mlp_bias: Tensor
    heads: Tensor
    heads_bias: Tensor
    late: bool

    @classmethod
    def of(cls, networks: Sequence[FluxNetwork]) -> "Head":
        """The perceptrons of trained networks; float32."""
        parts = {}
        for name in ("encode", "adjust", "mlp", "heads"):
            layers = [getattr(network, name) for network in networks]
            weight = torch.stack([layer.weight.detach() for layer in layers])
            if name == "encode":
                channels = networks[0].blocks()[-1].norm.num_channels
                weight = rows_first(weight, channels)
            parts[name] = weight.transpose(1, 2).contiguous()
            bias = torch.stack([layer.bias.detach() for layer in layers])
            parts[f"{name}_bias"] = bias.unsqueeze(1)
        return cls(**parts, late=networks[0].forest_type == "late")

    def to(self, device: str) -> "Head":
        """The same on another device."""
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        late = parts.pop("late")
        return Head(**{n: part.to(device) for n, part in parts.items()}, late=late)

    def fluxes(self, pooled: Tensor, types: Tensor) -> Tensor:
        """The two heads (member, cell, 2) in standard deviations.

        Parameters
        ----------
        pooled : float32 (member, cell, feature), means then largest numbers
        types : one-hot (cell, type)
        """
        encoded = functional.silu(torch.baddbmm(self.encode_bias, pooled, self.encode))
        if self.late:
            kind = types.expand(len(pooled), *types.shape)
            both = torch.baddbmm(self.adjust_bias, kind, self.adjust)
            scale, shift = both.chunk(2, 2)
            encoded = encoded * (1 + scale) + shift
        hidden = functional.silu(torch.baddbmm(self.mlp_bias, encoded, self.mlp))
        return torch.baddbmm(self.heads_bias, hidden, self.heads)


class FastInference:
    """The networks of an ensemble on one device, in one precision.

    Parameters
    ----------
    members : trained networks of the same sizes and scales
    device : `cpu`, `cuda`, or `auto`: a GPU where there is one
    precision : `float32`, `bfloat16`, or `auto`: bfloat16 where the device multiplies
        it in hardware

    Raises
    ------
    InputError : a GPU is asked for and there is none
    """

    def __init__(
        self, members: Sequence[NetworkRegressor], *, device: str, precision: str
    ) -> None:
        """Take the weights over."""
        self.device = choose_device(device)
        self.precision = choose_precision(precision, self.device)
        self.dtype = PRECISIONS[self.precision]
        networks = [member.network for member in members]
        # All members read series and scale fluxes in the same way; only weights differ.
        self.first = members[0]
        self.reader = deepcopy(networks[0]).to(self.device)
        self.blocks = [
            [Block.of(block).to(self.device, self.dtype) for block in network.blocks()]
            for network in networks
        ]
        self.backend: Backend = (
            FusedBackend() if self.device == "cpu" else EagerBackend()
        )
        self.half = networks[0].blocks()[0].kernel // 2
        self.head = Head.of(networks).to(self.device)

    def predict_prepared(self, prepared: Tensor, types: Tensor) -> np.ndarray:
        """GPP and RECO (2, member, sample), float64, gC m-2 yr-1, of prepared series.

        Parameters
        ----------
        prepared : (sample, series, step) from `NetworkRegressor.prepare`
        types : one-hot float32 (sample, type)
        """
        cells = CELLS[self.device]
        output = np.empty((len(self.blocks), len(prepared), 2))
        with torch.inference_mode():
            for start in range(0, len(prepared), cells):
                part = slice(start, start + cells)
                count = len(prepared[part])
                fill = (0, 0, 0, 0, 0, cells - count)
                chunk = functional.pad(prepared[part], fill, value=torch.nan)
                kinds = functional.pad(types[part], fill[2:])
                heads = self._chunk(chunk.to(self.device), kinds.to(self.device))
                output[:, part] = heads[:, :count].double().cpu().numpy()
        closed = self.first.close_fluxes(torch.from_numpy(output).flatten(0, 1))
        fluxes = self.first.flux_scale.undo(closed.numpy())[:, :2]
        return np.maximum(np.moveaxis(fluxes.reshape(output.shape), 2, 0), 0.0)

    def _chunk(self, prepared: Tensor, types: Tensor) -> Tensor:
        """The two heads (member, cell, 2) in standard deviations, of one chunk."""
        backend, half = self.backend, self.half
        packed = self._packed(prepared, types)
        pooled = []
        for *others, last in self.blocks:
            features = packed
            for block in others:
                features = backend.activate(block.filtered(features), block, half)
            pooled.append(backend.pool(last.filtered(features), last))
        return self.head.fluxes(torch.stack(pooled), types)

    def _packed(self, prepared: Tensor, types: Tensor) -> Tensor:
        """What the first blocks are given (cell, row, half + step + half, channel)."""
        channels = self.backend.channels(self.reader, prepared, types)
        features = channels.permute(0, 2, 3, 1).to(self.dtype)
        return wrap_year(features, self.half).contiguous()


def rows_first(weight: Tensor, channels: int) -> Tensor:
    """Weights of the encoding (member, out, in) for features whose channels lie together."""
    shape = (*weight.shape[:2], 2, channels, -1)
    return weight.view(shape).transpose(3, 4).flatten(2)


def choose_device(device: str) -> str:
    """`cpu` or `cuda`, where `auto` takes a GPU if there is one.

    Raises
    ------
    InputError : a GPU is asked for and there is none
    """
    has_gpu = torch.cuda.is_available()
    if device == "cuda" and not has_gpu:
        raise InputError(
            "configuration",
            variable="infer.device",
            expected="cuda only where there is a GPU",
            found="none",
        )
    return "cuda" if has_gpu and device != "cpu" else "cpu"


def choose_precision(precision: str, device: str) -> str:
    """`float32` or `bfloat16`, where `auto` takes what the device multiplies in hardware."""
    if precision != "auto":
        return precision
    if device == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        fast = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return "bfloat16" if fast else "float32"
