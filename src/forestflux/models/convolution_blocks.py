"""The convolutional block: filters along time, across variables, and both at once."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

FILTERS = ("time", "variable", "joint")


class ParallelBlock(nn.Module):
    """Convolutions side by side: along time, across variables, and both at once.

    Features (sample, channel, row, step) become ones with the same rows, filtered along
    time, and two rows more: patterns across the variables at one step, and over some
    steps. The year is a circle: padding wraps around.

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
        # Attributes of their own, because weight files name them.
        self.time: nn.Conv1d
        self.variable: nn.Conv1d
        self.joint: nn.Conv1d
        for name in filters:
            wide, steps = layers[name]
            setattr(self, name, nn.Conv1d(wide, channels, steps))
        # In the order of their rows, whatever order they are given in.
        self.filters = tuple(name for name in FILTERS if name in filters)
        self.norm = nn.GroupNorm(1, channels)

    def forward(self, features: Tensor) -> Tensor:
        """Features (sample, channel, row, step) after the block; see `name_rows`."""
        return functional.relu(self.norm(self.filtered(features)))

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


def name_rows(
    series: Sequence[str], *, filters: Sequence[str], block: int
) -> list[str]:
    """Names of the rows after block 1, 2, ...; `series` are those before."""
    same = list(series) if "time" in filters else []
    new = {"variable": f"variables {block}", "joint": f"joint {block}"}
    return same + [new[name] for name in new if name in filters]


def count_rows(rows: int, *, filters: Sequence[str]) -> int:
    """Rows after a block that had so many before."""
    return rows * ("time" in filters) + sum(
        name in filters for name in ("variable", "joint")
    )
