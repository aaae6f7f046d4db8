"""Datasets in pieces: blocks, reading ahead, stores that are written chunk by chunk."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from forestflux.core.input_errors import InputError
from forestflux.jobs.manifests import manifest_path
from forestflux.jobs.stores.chunked import (
    ChunkedDataset,
    blocks,
    prefetch,
    template_array,
)
from forestflux.jobs.stores.store import load_store, write_store


def test_blocks_cover_everything_once_as_chunks_lie() -> None:
    covered = np.zeros((7, 5), int)
    found = list(blocks({"y": 7, "x": 5}, {"y": 3, "x": 9}))
    for where in found:
        covered[where["y"], where["x"]] += 1
    assert (covered == 1).all()
    assert [where["y"].start for where in found] == [0, 3, 6]
    assert list(blocks({"y": 0}, {})) == []


def test_items_come_in_order_and_no_more_than_a_few_ahead() -> None:
    made, taken, most = [], [], []

    def items() -> Iterator[int]:
        for number in range(20):
            made.append(number)
            most.append(len(made) - len(taken))
            yield number

    for number in prefetch(items(), depth=2):
        taken.append(number)
    assert taken == list(range(20))
    assert max(most) <= 4


def test_an_error_comes_where_its_item_would_have() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise InputError("file", variable="v", expected="a", found="b")

    coming = prefetch(items(), depth=3)
    assert next(coming) == 1
    with pytest.raises(InputError, match="file: v: expected a, found b"):
        next(coming)


def whole() -> xr.Dataset:
    attrs = {"units": "1"}
    return xr.Dataset(
        {
            "flux": (
                ("member", "y"),
                np.arange(10, dtype="float32").reshape(2, 5),
                attrs,
            ),
            "kind": ("y", np.arange(5, dtype="uint8")),
        },
        coords={"y": np.arange(5.0)},
        attrs={"year": 2003},
    )


def in_pieces(dataset: xr.Dataset, count: int = 3) -> ChunkedDataset:
    """A dataset as pieces of two rows, the first `count` of them."""
    empty = xr.Dataset(
        {
            n: (a.dims, template_array(a.shape, a.dtype), a.attrs)
            for n, a in dataset.items()
        },
        coords=dataset.coords,
        attrs=dataset.attrs,
    )
    where = list(blocks({"y": 5}, {"y": 2}))[:count]
    return ChunkedDataset(
        empty,
        ((w, {n: a.isel(w).values for n, a in dataset.items()}) for w in where),
    )


def test_a_store_written_in_pieces_is_the_one_written_whole(tmp_path: Path) -> None:
    chunks = {"y": 2, "member": 1}
    record = write_store(whole(), tmp_path / "a/2003.zarr", chunks=chunks)
    other = write_store(in_pieces(whole()), tmp_path / "b/2003.zarr", chunks=chunks)
    assert other == record  # the checksum of every byte among it
    xr.testing.assert_identical(load_store(tmp_path / "b/2003.zarr"), whole())


def test_a_piece_that_never_came_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "2003.zarr"
    with pytest.raises(InputError, match="flux: expected 3 chunks, found 2"):
        write_store(in_pieces(whole(), 2), path, chunks={"y": 2})
    assert not manifest_path(path).exists()


def test_a_piece_of_nothing_but_gaps_is_on_disk_too(tmp_path: Path) -> None:
    gaps = whole()
    gaps["flux"][:] = np.nan
    write_store(in_pieces(gaps), tmp_path / "2003.zarr", chunks={"y": 2})
    assert np.isnan(load_store(tmp_path / "2003.zarr")["flux"]).all()
