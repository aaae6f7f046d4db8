"""The network: patterns along time, across variables and jointly, then the forest type.

After Wu (2019, IEEE JSTARS, doi 10.1109/JSTARS.2019.2954556): a multidimensional
convolutional block reads the year as an image (variables x steps), the encoded patterns
are adjusted with the forest type, a multilayer perceptron gives the fluxes. All sizes are
settings, assumed, not from the paper.

Nothing is written into gaps. A second channel says how much of a step is missing; in the
first, a gap has no weight (`forestflux.models.normalised_convolution`), or counts as the mean
of its variable.
"""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from forestflux.core.calendars.eight_day import STEPS
from forestflux.models.convolution_blocks import ParallelBlock, count_rows
from forestflux.models.network_inputs import TYPES
from forestflux.models.normalised_convolution import (
    NARROW_SD,
    WIDE_SD,
    circular_window,
    smooth_over_gaps,
)


class FluxNetwork(nn.Module):
    """Two annual fluxes from a year of series with gaps, in standard deviations.

    Parameters
    ----------
    variables : input series, the rows of the first block
    channels, blocks, kernel, filters : of the convolutional block
    pooled_steps : steps that are averaged before the block
    gap_handling : `normalised_convolution`; or `mean`, a gap is the variable's mean
    gap_channel : whether a second channel says how much of a step is missing
    forest_type : where the type enters: `late` adjusts the encoded pattern, `early` is
        a channel of the input, `none`
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
        filters: Sequence[str],
        pooled_steps: int,
        gap_handling: str,
        gap_channel: bool,
        forest_type: str,
        encoded: int,
        hidden: int,
        dropout: float,
    ) -> None:
        """Build the layers. Their order here is the order in which weights are drawn."""
        super().__init__()
        self.pooled_steps, self.gap_handling = pooled_steps, gap_handling
        self.gap_channel, self.forest_type = gap_channel, forest_type
        self.narrow: Tensor
        self.wide: Tensor
        for name, sd in (("narrow", NARROW_SD), ("wide", WIDE_SD)):
            window = circular_window(sd, STEPS)
            self.register_buffer(name, window, persistent=False)
        layers: list[ParallelBlock] = []
        rows = variables
        before = 1 + gap_channel + (len(TYPES) if forest_type == "early" else 0)
        for _ in range(blocks):
            block = ParallelBlock(
                before, channels, rows=rows, kernel=kernel, filters=filters
            )
            layers.append(block)
            rows = count_rows(rows, filters=filters)
            before = channels
        self.block = nn.ModuleList(layers)
        self.encode = nn.Linear(2 * channels * rows, encoded)
        self.adjust = nn.Linear(len(TYPES), 2 * encoded)
        self.dropout = nn.Dropout(dropout)
        self.mlp = nn.Linear(encoded, hidden)
        self.heads = nn.Linear(hidden, 2)
        self.decode = nn.Conv1d(channels * rows, variables, 1)
        nn.init.zeros_(self.adjust.weight)
        nn.init.zeros_(self.adjust.bias)

    def forward(self, series: Tensor, types: Tensor) -> Tensor:
        """The two heads (sample, 2) in standard deviations.

        Parameters
        ----------
        series : (sample, variable, step) in standard deviations, NaN = gap
        types : (sample, type) one-hot
        """
        features = self.patterns(series, types).flatten(1, 2)
        pooled = torch.cat([features.mean(-1), features.max(-1).values], dim=1)
        encoded = functional.silu(self.encode(pooled))
        if self.forest_type == "late":
            scale, shift = self.adjust(types).chunk(2, dim=1)
            encoded = encoded * (1 + scale) + shift
        return self.heads(functional.silu(self.mlp(self.dropout(encoded))))

    def blocks(self) -> list[ParallelBlock]:
        """The convolutional blocks, in order."""
        return [cast("ParallelBlock", layer) for layer in self.block]

    def patterns(self, series: Tensor, types: Tensor | None = None) -> Tensor:
        """Activations of the convolutional block (sample, channel, row, pooled step).

        Parameters
        ----------
        series, types : as of `forward`; types matter where they enter early, and are
            unknown if there are none
        """
        features = self.channels(series, types)
        for block in self.blocks():
            features = block(features)
        return features

    def channels(self, series: Tensor, types: Tensor | None) -> Tensor:
        """Input of the first block (sample, channel, variable, pooled step).

        The series, how much of them is missing, and a plane for each forest type where
        these enter early.
        """
        if self.gap_handling == "normalised_convolution":
            smooth, valid_share = smooth_over_gaps(series, self.narrow, self.wide)
        else:
            gaps = torch.isnan(series)
            smooth = torch.where(gaps, 0.0, series)
            valid_share = (~gaps).to(series.dtype)
        return self.stack_channels(smooth, valid_share, types)

    def stack_channels(
        self, smooth: Tensor, valid_share: Tensor, types: Tensor | None
    ) -> Tensor:
        """The same from series without gaps and the valid share of each step."""
        channels = [smooth, 1 - valid_share] if self.gap_channel else [smooth]
        pooled = self.pooled_steps
        sums = [
            sum((c[..., s::pooled] for s in range(pooled)), start=c.new_zeros(()))
            for c in channels
        ]
        features = torch.stack(sums, dim=1) / pooled
        if self.forest_type == "early":
            unknown = features.new_zeros(len(smooth), len(TYPES))
            planes = (unknown if types is None else types)[:, :, None, None]
            planes = planes.expand(-1, -1, *features.shape[2:])
            features = torch.cat([features, planes], dim=1)
        return features

    def reconstruct(self, series: Tensor) -> Tensor:
        """The series (sample, variable, step) from the patterns, for pretraining."""
        decoded = self.decode(self.patterns(series).flatten(1, 2))
        return decoded.repeat_interleave(self.pooled_steps, dim=-1)
