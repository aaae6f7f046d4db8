"""Fast inference: the same networks, their filters merged, cells kept in the cache.

The reference is `NetworkRegressor.predict_prepared`, member by member in float32; this gives
its numbers within `TOLERANCE`, to which the tests hold it. What differs:

- The three filters of a block are one dense filter over all its rows, most of whose weights
  are zero. It multiplies more than it must, but as one matrix product over (cell x step),
  which a processor with matrix units does many times as fast.
- Numbers lie step by step, all features of a step together (channels last).
- Normalisation, SiLU and pooling go through each cell once (`forestflux.ensemble.kernels`).
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

from forestflux.core.eight_day import STEPS
from forestflux.core.errors import InputError
from forestflux.ensemble.backends import Backend, EagerBackend, FusedBackend, wrap_year
from forestflux.models.convolution_blocks import ParallelBlock
from forestflux.models.flux_network import FluxNetwork
from forestflux.models.network_regressor import NetworkRegressor

# Cells that go through all layers together: on a processor what they need stays in the
# cache of a core, on a GPU there must be enough of them to keep it busy.
CELLS = {"cpu": 256, "cuda": 8192}
ALIGN = 16
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
# Largest difference to the reference of a member's flux, in standard deviations of the
# flux among the training rows, and its root mean square over cells.
TOLERANCE = {"float32": (1e-4, 1e-5), "bfloat16": (0.05, 0.005)}


@dataclass(frozen=True)
class Block:
    """A convolutional block as one filter over all its rows, channels last.

    Attributes
    ----------
    weight : (feature out, feature in, 1, step)
    bias : (feature out,)
    gain, shift : float32 (step, feature out), of the normalisation
    """

    weight: Tensor
    bias: Tensor
    gain: Tensor
    shift: Tensor

    @classmethod
    def of(cls, block: ParallelBlock, *, first: bool, steps: int) -> "Block":
        """The merged filter of a block for so many steps; float32.

        A feature is a row and a channel, the channels of a row together; those of the
        input of the first block are channel by channel, as `FluxNetwork.channels` has them.
        """
        channels, before, rows = block.norm.num_channels, block.channels_in, block.rows
        kernel, parts, biases = block.kernel, [], []
        for name in block.filters:
            layer = getattr(block, name)
            made = rows if name == "time" else 1
            part = torch.zeros(made, channels, before, rows, kernel)
            if name == "time":
                for row in range(rows):
                    part[row, :, :, row] = layer.weight.detach()
            elif name == "variable":
                middle = layer.weight.detach().view(channels, before, rows)
                part[0, ..., kernel // 2] = middle
            else:
                part[0] = layer.weight.detach().view(channels, before, rows, kernel)
            parts.append(part)
            biases += [layer.bias.detach()] * made
        merged = torch.cat(parts)
        if not first:
            merged = merged.transpose(2, 3)
        weight = merged.reshape(len(merged) * channels, before * rows, 1, kernel)
        return cls(
            # Zeros up to a whole vector, else the first product is slow.
            functional.pad(weight, (0, 0, 0, 0, 0, -weight.shape[1] % ALIGN * first)),
            torch.cat(biases),
            block.norm.weight.detach().repeat(steps, len(merged)),
            block.norm.bias.detach().repeat(steps, len(merged)),
        )

    def to(self, device: str, dtype: torch.dtype) -> "Block":
        """The same where it is used; the filter in another precision."""
        last = torch.channels_last
        return Block(
            self.weight.to(device, dtype, memory_format=last),
            self.bias.to(device, dtype),
            self.gain.to(device),
            self.shift.to(device),
        )

    def filtered(self, padded: Tensor) -> Tensor:
        """Filtered features (cell, step, feature) of padded ones (cell, step, feature)."""
        features = padded.unsqueeze(1).permute(0, 3, 1, 2)
        return functional.conv2d(features, self.weight, self.bias)[:, :, 0].transpose(
            1, 2
        )


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
        steps = STEPS // networks[0].pooled_steps
        self.blocks = [
            [
                Block.of(block, first=index == 0, steps=steps).to(
                    self.device, self.dtype
                )
                for index, block in enumerate(network.blocks())
            ]
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
        """What the first blocks are given (cell, half + step + half, feature)."""
        channels = self.backend.channels(self.reader, prepared, types)
        features = channels.flatten(1, 2).transpose(1, 2)
        more = self.blocks[0][0].weight.shape[1] - features.shape[2]
        packed = functional.pad(features, (0, more)).to(self.dtype)
        return wrap_year(packed, self.half).contiguous()


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
