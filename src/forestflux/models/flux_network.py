"""The network: patterns along time, across variables and jointly, then the forest type.

After Wu (2019, IEEE JSTARS, doi 10.1109/JSTARS.2019.2954556): a multidimensional
convolutional block reads the year as an image (variables x steps), the encoded
patterns are adjusted with the forest type, a multilayer perceptron gives the fluxes.
All sizes are settings, assumed, not from the paper.

A gap is told by a second channel. It is read as the mean of its variable, or has no
weight in a normalised convolution (Knutsson and Westin 1993, doi
10.1109/CVPR.1993.341081), a weighted mean over the valid values nearby. Nothing is
written into the series.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from forestflux.core.eight_day import STEPS
from forestflux.models.network_inputs import TYPES

FILTERS = ("time", "variable", "joint")


# Standard deviations of the two windows of the reading, steps: the narrow one keeps a
# valid value as it is, the wide one bridges gaps of weeks.
NARROW, WIDE = 0.6, 3.0
NEGLIGIBLE = 1e-6
# Weight of the wide window in the narrow one, of the mean of the year in the wide one,
# and of the mean of the training rows (zero) in the mean of the year, in valid values.
PRIORS = (0.1, 0.3, 1.0)


def circular_window(sd: float, steps: int) -> Tensor:
    """Gaussian weights (step, step) between steps of a year that is a circle."""
    step = torch.arange(steps)
    distance = (step[:, None] - step[None]).abs()
    distance = torch.minimum(distance, steps - distance)
    window = torch.exp(-0.5 * (distance / sd) ** 2)
    # Numbers near the smallest that there are slow a processor down many times.
    return torch.where(window > NEGLIGIBLE, window, 0.0)


def read_gaps(series: Tensor, narrow: Tensor, wide: Tensor) -> tuple[Tensor, Tensor]:
    """Series without gaps and how well each step is known, both (sample, variable, step).

    Parameters
    ----------
    series : (sample, variable, step), standard deviations, NaN = gap
    narrow, wide : windows (step, step) from `circular_window`

    Returns
    -------
    Weighted means of the valid values in the narrow window, which lean on the wide
    window, the mean of the year and zero, in this order, the more, the less is valid; and the
    share 0-1 of the narrow window's weight that is valid
    """
    rows = series.flatten(0, -2)
    valid = (~torch.isnan(rows)).to(series.dtype)
    values = torch.where(valid > 0, rows, 0.0)
    of_wide, of_year, of_zero = PRIORS
    year = values.sum(-1, keepdim=True) / (valid.sum(-1, keepdim=True) + of_zero)
    nearby = (values @ wide + of_year * year) / (valid @ wide + of_year)
    weight = valid @ narrow
    read = (values @ narrow + of_wide * nearby) / (weight + of_wide)
    known = weight / narrow.sum(0)
    return read.view(series.shape), known.view(series.shape)


class ParallelBlock(nn.Module):
    """Convolutions side by side: along time, across variables, and both at once.

    Features (sample, channel, row, step) become ones with the same rows, filtered along
    time, and two rows more: what the variables say at one step, and what they say over
    some steps. The year is a circle: padding wraps around.

    Parameters
    ----------
    channels_in, channels : channels before and after
    rows : rows before, variables or patterns
    kernel : steps that a filter sees, odd
    filters : which of `FILTERS` there are; each gives its own rows
    """

    def __init__(
        self,
        channels_in: int,
        channels: int,
        *,
        rows: int,
        kernel: int,
        filters: Sequence[str] = FILTERS,
    ) -> None:
        """Build the filters."""
        super().__init__()
        self.kernel, self.channels_in, self.rows = kernel, channels_in, rows
        layers = {
            "time": (channels_in, kernel),
            "variable": (channels_in * rows, 1),
            "joint": (channels_in * rows, kernel),
        }
        for name in filters:
            wide, steps = layers[name]
            setattr(self, name, nn.Conv1d(wide, channels, steps))
        self.filters = tuple(filters)
        self.norm = nn.GroupNorm(1, channels)

    def forward(self, features: Tensor) -> Tensor:
        """Features (sample, channel, row, step) after the block; see `row_names`."""
        return functional.silu(self.norm(self.filtered(features)))

    def filtered(self, features: Tensor) -> Tensor:
        """The same before normalisation: rows, then across variables, then joint."""
        samples, channels, rows, steps = features.shape
        half = self.kernel // 2
        wrapped = torch.cat(
            [features[..., steps - half :], features, features[..., :half]], dim=-1
        )
        parts = []
        if "time" in self.filters:
            # Conv1d over (sample x row): all rows share the filter, and it is faster
            # than Conv2d.
            single = wrapped.transpose(1, 2).reshape(samples * rows, channels, -1)
            time = self.time(single).view(samples, rows, -1, steps)
            parts.append(time.transpose(1, 2))
        if "variable" in self.filters:
            across = self.variable(features.reshape(samples, channels * rows, steps))
            parts.append(across[:, :, None])
        if "joint" in self.filters:
            joint = self.joint(wrapped.reshape(samples, channels * rows, -1))
            parts.append(joint[:, :, None])
        return torch.cat(parts, dim=2)


def row_names(series: Sequence[str], *, filters: Sequence[str], block: int) -> list:
    """Names of the rows after block 1, 2, ...; `series` are those before."""
    kept = list(series) if "time" in filters else []
    made = {"variable": f"variables {block}", "joint": f"joint {block}"}
    return kept + [made[name] for name in made if name in filters]


class FluxNetwork(nn.Module):
    """Annual GPP and RECO from a year of series with gaps, in standard deviations.

    Parameters
    ----------
    variables : input series, the rows of the first block
    channels, blocks, kernel, filters : of the convolutional block
    pooled_steps : steps that are averaged before the block
    gap_handling : `normalised_convolution`, see `read_gaps`; `mean`, a gap is the variable's mean
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
        """Build the layers; sizes are settings, assumed, not from the paper."""
        super().__init__()
        self.pooled_steps, self.gap_handling = pooled_steps, gap_handling
        self.gap_channel, self.forest_type = gap_channel, forest_type
        for name, sd in (("narrow", NARROW), ("wide", WIDE)):
            window = circular_window(sd, STEPS)
            self.register_buffer(name, window, persistent=False)
        layers, rows = [], variables
        before = 1 + gap_channel + (len(TYPES) if forest_type == "early" else 0)
        for _ in range(blocks):
            block = ParallelBlock(
                before, channels, rows=rows, kernel=kernel, filters=filters
            )
            layers.append(block)
            rows = len(row_names(range(rows), filters=filters, block=1))
            before = channels
        self.block = nn.ModuleList(layers)
        self.encode = nn.Linear(2 * channels * rows, encoded)
        self.adjust = nn.Linear(len(TYPES), 2 * encoded)
        self.dropout = nn.Dropout(dropout)
        self.mlp = nn.Linear(encoded, hidden)
        self.heads = nn.Linear(hidden, 2)
        self.reconstruct = nn.Conv1d(channels * rows, variables, 1)
        nn.init.zeros_(self.adjust.weight)
        nn.init.zeros_(self.adjust.bias)

    def patterns(self, series: Tensor, types: Tensor | None = None) -> Tensor:
        """Activations of the convolutional block (sample, channel, row, pooled step).

        Parameters
        ----------
        series, types : as of `forward`; types matter where they enter early, and are
            unknown if there are none
        """
        features = self.read(series, types)
        for layer in self.block:
            features = layer(features)
        return features

    def read(self, series: Tensor, types: Tensor | None) -> Tensor:
        """What the block is given (sample, channel, variable, pooled step).

        The series, how much of them is missing, and the planes of the forest types
        where these enter early.
        """
        if self.gap_handling == "normalised_convolution":
            filled, known = read_gaps(series, self.narrow, self.wide)
        else:
            gaps = torch.isnan(series)
            filled, known = torch.where(gaps, 0.0, series), (~gaps).to(series.dtype)
        return self.map_of(filled, known, types)

    def map_of(self, series: Tensor, known: Tensor, types: Tensor | None) -> Tensor:
        """What the block is given, of series without gaps and how well they are known."""
        channels = [series, 1 - known] if self.gap_channel else [series]
        pooled = self.pooled_steps
        channels = [sum(c[..., s::pooled] for s in range(pooled)) for c in channels]
        features = torch.stack(channels, dim=1) / pooled
        if self.forest_type == "early":
            there = features.new_zeros(len(series), len(TYPES))
            planes = (there if types is None else types)[:, :, None, None]
            planes = planes.expand(-1, -1, *features.shape[2:])
            features = torch.cat([features, planes], dim=1)
        return features

    def forward(self, series: Tensor, types: Tensor) -> Tensor:
        """The two heads (sample, 2) in standard deviations.

        Parameters
        ----------
        series : (sample, variable, step) in standard deviations, NaN = gap
        types : (sample, type) one-hot
        """
        features = self.patterns(series, types).flatten(1, 2)
        pooled = torch.cat([features.mean(-1), features.amax(-1)], dim=1)
        encoded = functional.silu(self.encode(pooled))
        if self.forest_type == "late":
            scale, shift = self.adjust(types).chunk(2, dim=1)
            encoded = encoded * (1 + scale) + shift
        return self.heads(functional.silu(self.mlp(self.dropout(encoded))))

    def restore(self, series: Tensor) -> Tensor:
        """The series (sample, variable, step), restored for the first transfer step."""
        restored = self.reconstruct(self.patterns(series).flatten(1, 2))
        return restored.repeat_interleave(self.pooled_steps, dim=-1)


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
