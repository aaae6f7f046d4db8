"""Datasets larger than memory, made and written chunk by chunk, and prefetching."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
import xarray as xr
import zarr

if TYPE_CHECKING:
    import dask.array

# Cells of a chunk of the masked and the inferred stores: few, so that a reader's memory
# does not grow with the tile; whole years, because every reader wants them. Rates and
# sizes: docs/explanation/scaling.md.
CHUNKS = {"y": 50, "x": 400}
Where = Mapping[str, slice]
T = TypeVar("T")


@dataclass(frozen=True)
class ChunkedDataset:
    """A dataset that is made and written part by part; a part is one or more whole chunks.

    Attributes
    ----------
    template : shapes, attributes and coordinates; its variables hold no values
        (`template_array`)
    parts : where a part lies (by dimension) and its values by variable; all parts
        together are the dataset
    """

    template: xr.Dataset
    parts: Iterable[tuple[Where, dict[str, np.ndarray]]]


def template_array(shape: tuple[int, ...], dtype: str) -> "dask.array.Array":
    """An array of a shape and type that holds no values and takes no memory."""
    # Here, because most stages that import this module do without dask.
    import dask.array as da

    return da.empty(shape, dtype=dtype, chunks=-1)


def write_parts(dataset: ChunkedDataset, path: Path) -> None:
    """Write the parts of a dataset into its store, which has all but the values."""
    with zarr.config.set({"array.write_empty_chunks": True}):
        group = zarr.open_group(path, mode="r+")
        names = map(str, dataset.template.data_vars)
        arrays = {name: cast(zarr.Array, group[name]) for name in names}
    for where, values in dataset.parts:
        for name, part in values.items():
            dims = dataset.template[name].dims
            arrays[name][tuple(where.get(str(dim), slice(None)) for dim in dims)] = part


def blocks(sizes: Mapping[str, int], chunks: Mapping[str, int]) -> Iterator[Where]:
    """Where the chunks of some dimensions lie, row by row.

    Parameters
    ----------
    sizes : length of each dimension
    chunks : length of a chunk; the whole dimension where not named
    """
    ranges = []
    for dim, size in sizes.items():
        step = max(1, min(chunks.get(dim, size), size))
        ranges.append([slice(i, min(i + step, size)) for i in range(0, size, step)])
    for parts in product(*ranges):
        yield dict(zip(sizes, parts, strict=True))


def prefetch(items: Iterator[T], *, depth: int) -> Iterator[T]:
    """Prefetch up to `depth` items in a background thread.

    An error is raised where its item would have come.
    """
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix="prefetch") as thread:
        coming = deque(thread.submit(next, items, end) for _ in range(depth))
        while (item := coming.popleft().result()) is not end:
            coming.append(thread.submit(next, items, end))
            yield cast(T, item)
