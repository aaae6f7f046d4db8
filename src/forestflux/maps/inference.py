"""Infer: GPP and RECO of the forest cells of places and years, member by member.

Reading, the networks and writing overlap: a thread reads chunks of the mask
stores ahead, as many threads as the job may use work on their cells, and the caller writes what
is finished. Chunks follow each other over all stores of a job, so that no store's end leaves a
processor idle; no more than a few are in memory, however large or many the stores are.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import numpy as np
import torch
import xarray as xr

from forestflux.core.input_errors import InputError
from forestflux.core.layers import LAYERS
from forestflux.core.names import FLUX_UNIT
from forestflux.jobs.stores.chunked import (
    ChunkedDataset,
    Where,
    prefetch,
    template_array,
)
from forestflux.models.flux_model import CalibratedModel
from forestflux.prepare.masked_series import (
    SeriesChunk,
    count_gaps,
    read_chunks,
    region_layers,
)

# Chunks that are read before they are needed.
READ_AHEAD = 2
# Chunks whose cells wait for a thread while another one is written.
MOST_WAITING = 2
# Fluxes (2, member, sample) and dissimilarity (sample,): float64 of a batch, float32 of a chunk.
Numbers = tuple[np.ndarray, np.ndarray]


def infer(
    paths: Iterable[Path],
    model: CalibratedModel,
    *,
    min_forest_fraction: float,
    batch_cells: int,
    workers: int,
) -> Iterator[ChunkedDataset]:
    """GPP and RECO (member, y, x) and dissimilarity (y, x) of masked places and years.

    All are NaN outside forest; what else is in each, see docs/reference/stores.md. Each must be
    written before the next one is asked for.

    Parameters
    ----------
    paths : mask stores
    model : the trained ensemble
    min_forest_fraction : smallest forest share of a cell (1) that is estimated
    batch_cells : cells per call of the model
    workers : threads that call it

    Raises
    ------
    InputError : as `read_chunks`; the model gives no finite flux
    """
    chunks = chain.from_iterable(
        read_chunks(path, inputs=model.inputs, min_forest_fraction=min_forest_fraction)
        for path in paths
    )
    estimates = estimate_chunks(
        prefetch(chunks, depth=READ_AHEAD),
        model,
        batch_cells=batch_cells,
        workers=workers,
    )
    for first in estimates:
        whole = make_template(first[0].masked, len(model.members))
        yield ChunkedDataset(whole, lay_out_store(chain([first], estimates)))


def lay_out_store(
    estimates: Iterable[tuple[SeriesChunk, Numbers]],
) -> Iterator[tuple[Where, dict[str, np.ndarray]]]:
    """Where the chunks of one store lie and their values; later stores are left alone."""
    for chunk, numbers in estimates:
        yield chunk.where, put_on_chunk(chunk, *numbers)
        if chunk.last:
            return


def estimate_chunks(
    chunks: Iterator[SeriesChunk],
    model: CalibratedModel,
    *,
    batch_cells: int,
    workers: int,
) -> Iterator[tuple[SeriesChunk, Numbers]]:
    """Each chunk with its numbers; the next one is worked on while the caller writes it.

    What is wrong with a chunk that is read ahead is raised when the ones before it are
    finished.
    """
    pool = ThreadPoolExecutor(
        workers, "infer", initializer=torch.set_num_threads, initargs=(1,)
    )
    with pool:
        waiting: deque[tuple[SeriesChunk, list[Future]]] = deque()
        fault = None
        while True:
            try:
                chunk = next(chunks, None)
            except InputError as error:
                chunk, fault = None, error
            if chunk is None:
                break
            cells = (chunk.series, chunk.lat, chunk.types)
            futures = [
                pool.submit(
                    estimate_cells,
                    model,
                    *(part[start : start + batch_cells] for part in cells),
                )
                for start in range(0, len(chunk.series), batch_cells)
            ]
            waiting.append((chunk, futures))
            if len(waiting) > MOST_WAITING:
                yield collect_batches(*waiting.popleft(), len(model.members))
        for pair in waiting:
            yield collect_batches(*pair, len(model.members))
    if fault is not None:
        raise fault


def estimate_cells(
    model: CalibratedModel,
    series: np.ndarray,
    lat: np.ndarray,
    forest_type: np.ndarray,
) -> Numbers:
    """Fluxes (2, member, sample) and dissimilarity index (sample,) of cells, float64."""
    fluxes, index = model.estimate_arrays(series, lat, forest_type)
    return np.stack(fluxes), index


def collect_batches(
    chunk: SeriesChunk, futures: list[Future], members: int
) -> tuple[SeriesChunk, Numbers]:
    """A chunk with its numbers, when all of its batches are there."""
    fluxes, index = [np.empty((2, members, 0))], [np.empty(0)]
    for future in futures:
        cell_fluxes, cell_index = future.result()
        fluxes.append(cell_fluxes)
        index.append(cell_index)
    together = np.concatenate(fluxes, axis=2).astype("float32")
    for name, values in zip(("gpp", "reco"), together, strict=True):
        if not np.isfinite(values).all():
            raise InputError(
                chunk.masked.encoding["source"],
                variable=name,
                expected="finite fluxes from the model",
                found=f"{(~np.isfinite(values)).any(axis=0).sum()} without one",
            )
    return chunk, (together, np.concatenate(index).astype("float32"))


def put_on_chunk(
    chunk: SeriesChunk, fluxes: np.ndarray, dissimilarity: np.ndarray
) -> dict[str, np.ndarray]:
    """Values of the infer store on a chunk, put back on its cells."""
    gpp, reco, index = (
        np.full((*numbers.shape[:-1], *chunk.forest.shape), np.nan, "float32")
        for numbers in (*fluxes, dissimilarity)
    )
    gpp[:, chunk.forest], reco[:, chunk.forest] = fluxes
    index[chunk.forest] = dissimilarity
    hidden = np.zeros(chunk.forest.shape, "uint8")
    hidden[chunk.forest], _ = count_gaps(chunk.series)
    return {
        "gpp": gpp,
        "reco": reco,
        "dissimilarity": index,
        "hidden_series": hidden,
        **chunk.beside,
    }


def make_template(masked: xr.Dataset, members: int) -> xr.Dataset:
    """The infer store of a place and year, without values."""
    shape = (masked.sizes["y"], masked.sizes["x"])

    def flux(name: str) -> tuple:
        words = {"long_name": f"{name} of each ensemble member", "units": FLUX_UNIT}
        return ("member", "y", "x"), template_array((members, *shape), "float32"), words

    def layer(dtype: str, attrs: dict) -> tuple:
        return ("y", "x"), template_array(shape, dtype), attrs

    gaps = {
        "units": "1",
        "long_name": "share of the year's values that are gaps, mean over variables",
    }
    hidden = {"units": "1", "long_name": "number of input series without any value"}
    along = {
        name: layer(str(masked[name].dtype), masked[name].attrs)
        for name in ("forest_fraction", "forest_type", *region_layers(masked))
    }
    return xr.Dataset(
        {
            "gpp": flux("GPP"),
            "reco": flux("RECO"),
            "dissimilarity": layer("float32", LAYERS["dissimilarity"].attributes()),
            **along,
            "gap_fraction": layer("float32", gaps),
            "hidden_series": layer("uint8", hidden),
        },
        coords={
            "member": np.arange(members),
            "y": masked["y"].copy(),
            "x": masked["x"].copy(),
        },
        attrs={"year": int(masked["time"].dt.year.values[0])},
    )
