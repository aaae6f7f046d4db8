"""Inference over places: which cells, in which order, in how many chunks, and bad input."""

import threading
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from forestflux.core.calendars.eight_day import STEPS, step_starts
from forestflux.core.input_errors import InputError
from forestflux.jobs.stores.store import load_store, write_store
from forestflux.maps.inference import infer
from forestflux.models.flux_model import Fluxes
from forestflux.prepare import masked_series
from tests.builders.inputs import UNITS, VARIABLES
from tests.builders.masked_tiles import make_masked

SETTINGS = {"min_forest_fraction": 0.05, "batch_cells": 100, "workers": 2}


class Arithmetic:
    """A model of two members whose fluxes are plain sums of what it is given."""

    members = (0, 1)
    inputs = UNITS

    def __init__(self) -> None:
        self.batches: list[int] = []

    def predict_arrays(
        self, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> Fluxes:
        assert series.dtype == np.float32
        assert series.shape[1:] == (len(VARIABLES), STEPS)
        self.batches.append(len(series))
        weights = 10.0 ** np.arange(len(VARIABLES))
        gpp = np.nan_to_num(series[:, :, 0]) @ weights + 1000 * forest_type
        reco = lat + np.nan_to_num(series[:, 0, -1])
        return Fluxes(np.stack([gpp, gpp + 1]), np.stack([reco, reco + 2]))

    def estimate_arrays(
        self, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> tuple[Fluxes, np.ndarray]:
        index = np.where(forest_type == 3, np.nan, series[:, 1, 0] + lat / 1000)
        return self.predict_arrays(series, lat, forest_type), index


class Broken(Arithmetic):
    """A model that has no answer for EBF."""

    def predict_arrays(
        self, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> Fluxes:
        fluxes = super().predict_arrays(series, lat, forest_type)
        fluxes.gpp[:, forest_type == 2] = np.nan
        return fluxes


def run(
    folder: Path,
    model: Arithmetic,
    *years: xr.Dataset,
    chunks: dict[str, int] | None = None,
    **changes: float,
) -> list[xr.Dataset]:
    """Write mask stores, infer them, write the results and read these."""
    paths = [folder / f"mask/{number}.zarr" for number in range(len(years))]
    for path, masked in zip(paths, years, strict=True):
        write_store(masked, path, chunks=chunks)
    made = infer(paths, model, **SETTINGS | changes)
    results = [folder / f"infer/{number}.zarr" for number in range(len(years))]
    for path in results:
        write_store(next(made), path, chunks=chunks)
    assert next(made, None) is None
    return [load_store(path) for path in results]


@pytest.fixture
def masked() -> xr.Dataset:
    return make_masked()


def test_only_forest_cells_have_fluxes(masked: xr.Dataset, tmp_path: Path) -> None:
    (result,) = run(tmp_path, Arithmetic(), masked)
    forest = np.array([[True, False, False], [True, True, True]])
    for flux in ("gpp", "reco"):
        assert result[flux].dims == ("member", "y", "x")
        assert result[flux].dtype == np.float32
        assert (np.isfinite(result[flux].values) == forest).all()


def test_each_cell_gets_its_own_series_type_and_latitude(
    masked: xr.Dataset, tmp_path: Path
) -> None:
    masked["ndvi"][-1] = masked["ndvi"][-1] + 3
    (result,) = run(tmp_path, Arithmetic(), masked)
    # Cell 4, (1, 1): variables 0.4, 1.4, ... 5.4 weighted 1, 10, ... 100000; MF is 5.
    expected = 543210 + 0.4 * 111111 + 5000
    assert result["gpp"].values[0, 1, 1] == pytest.approx(expected, rel=1e-6)
    assert result["gpp"].values[1, 1, 1] == pytest.approx(expected + 1, rel=1e-6)
    assert result["reco"].values[0, 1, 1] == pytest.approx(49.5 + 0.4 + 3)
    assert result["reco"].values[0, 0, 0] == pytest.approx(50.5 + 0.0 + 3)
    # EVI 1.4 of cell 4, and no index for the last cell.
    assert result["dissimilarity"].values[1, 1] == pytest.approx(1.4 + 0.0495)
    assert result["dissimilarity"].dtype == np.float32
    assert np.isnan(result["dissimilarity"].values[[0, 0, 1], [1, 2, 2]]).all()


@pytest.mark.slow
@pytest.mark.parametrize("chunks", [{}, {"y": 1}, {"x": 2}, {"y": 1, "x": 1}])
@pytest.mark.parametrize("batch_cells", [1, 3, 100])
def test_batches_and_pieces_do_not_change_the_result(
    masked: xr.Dataset, tmp_path: Path, batch_cells: int, chunks: dict[str, int]
) -> None:
    """How a map is cut into batches and chunks changes no value."""
    model = Arithmetic()
    (whole,) = run(tmp_path / "whole", Arithmetic(), masked)
    (part,) = run(
        tmp_path / "part", model, masked, chunks=chunks, batch_cells=batch_cells
    )
    xr.testing.assert_identical(part, whole)
    assert sum(model.batches) == 4
    assert max(model.batches) <= batch_cells


def test_several_stores_follow_each_other(masked: xr.Dataset, tmp_path: Path) -> None:
    later = masked.assign_coords(time=step_starts(2004))
    later["ndvi"] = later["ndvi"] + 0.5
    results = run(tmp_path, Arithmetic(), masked, later, chunks={"y": 1})
    assert [result.attrs["year"] for result in results] == [2003, 2004]
    rise = results[1]["gpp"].values - results[0]["gpp"].values
    np.testing.assert_allclose(rise[np.isfinite(rise)], 0.5, atol=0.1)


def test_no_more_than_a_few_pieces_are_read_ahead(
    masked: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, written, most = [], [], []
    lock = threading.Lock()
    inside = masked_series.read_chunk

    def counting(*arguments: object, **options: object) -> masked_series.SeriesChunk:
        with lock:
            read.append(1)
            most.append(len(read) - len(written))
        return inside(*arguments, **options)

    monkeypatch.setattr(masked_series, "read_chunk", counting)
    many = xr.concat(
        [masked.isel(y=[0]).assign_coords(y=[50.5 - row]) for row in range(30)], "y"
    )
    write_store(many, tmp_path / "mask.zarr", chunks={"y": 1})
    made = next(infer([tmp_path / "mask.zarr"], Arithmetic(), **SETTINGS))
    for _ in made.parts:
        written.append(1)
    assert len(written) == 30
    assert max(most) <= 6


def test_layers_and_year_go_along(masked: xr.Dataset, tmp_path: Path) -> None:
    (result,) = run(tmp_path, Arithmetic(), masked)
    np.testing.assert_allclose(result["gap_fraction"], 0.15, rtol=1e-6)
    np.testing.assert_array_equal(result["forest_type"], masked["forest_type"])
    np.testing.assert_array_equal(result["forest_fraction"], masked["forest_fraction"])
    assert result.attrs["year"] == 2003
    assert set(result.data_vars) == {
        "gpp",
        "reco",
        "forest_fraction",
        "forest_type",
        "gap_fraction",
        "hidden_series",
        "dissimilarity",
    }


def test_a_tile_without_forest_is_empty_with_all_members(
    masked: xr.Dataset, tmp_path: Path
) -> None:
    masked["forest_type"][:] = 0
    masked["forest_fraction"][:] = 0
    (result,) = run(tmp_path, Arithmetic(), masked)
    assert result.sizes["member"] == 2
    assert np.isnan(result["gpp"]).all()


def test_zero_as_smallest_fraction_still_needs_forest(
    masked: xr.Dataset, tmp_path: Path
) -> None:
    masked["forest_type"][0, 1] = 1
    (result,) = run(tmp_path, Arithmetic(), masked, min_forest_fraction=0)
    assert np.isnan(result["gpp"].values[0, 0, 1])
    assert np.isfinite(result["gpp"].values[0, 0, 2])


def test_a_forest_cell_without_data_is_still_estimated(
    masked: xr.Dataset, tmp_path: Path
) -> None:
    for name in VARIABLES:
        masked[name][:, 1, 1] = np.nan
    (result,) = run(tmp_path, Arithmetic(), masked)
    assert result["gpp"].values[0, 1, 1] == 5000


def test_a_store_without_a_layer_is_named(masked: xr.Dataset, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"0\.zarr: evi: expected a layer of a masked tile"
    ):
        run(tmp_path, Arithmetic(), masked.drop_vars("evi"))


def test_bad_input_stops_at_the_door(masked: xr.Dataset, tmp_path: Path) -> None:
    celsius = masked.copy()
    celsius["lst_day"] = masked["lst_day"].assign_attrs(units="degC")
    with pytest.raises(InputError, match="lst_day: expected units K, found degC"):
        run(tmp_path, Arithmetic(), celsius)
    with pytest.raises(InputError, match="time: expected 46 steps, found 45"):
        run(tmp_path, Arithmetic(), masked.isel(time=slice(45)))
    masked["forest_type"][0, 0] = 8
    with pytest.raises(InputError, match="forest_type: expected codes 0-5, found 8"):
        run(tmp_path, Arithmetic(), masked)


def test_a_missing_chunk_is_one_line_and_earlier_stores_are_finished(
    masked: xr.Dataset, tmp_path: Path
) -> None:
    paths = [tmp_path / "mask/r00c00.zarr", tmp_path / "mask/r00c01.zarr"]
    for path in paths:
        write_store(masked, path, chunks={"y": 1})
    (paths[1] / "precip" / "c" / "0" / "1" / "0").unlink()
    made = infer(paths, Arithmetic(), **SETTINGS)
    write_store(next(made), tmp_path / "infer.zarr", build_key="first")
    assert load_store(tmp_path / "infer.zarr").sizes["y"] == 2
    with pytest.raises(
        InputError, match=r"r00c01\.zarr: precip: expected 2 chunks, found 1"
    ):
        next(made)


def test_a_damaged_chunk_is_one_line_and_leaves_no_finished_store(
    masked: xr.Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "mask.zarr"
    write_store(masked, path, chunks={"y": 1})
    chunk = path / "et" / "c" / "0" / "1" / "0"
    chunk.write_bytes(b"\x00" + chunk.read_bytes()[1:])
    with pytest.raises(InputError, match=r"mask\.zarr: et: expected readable chunks"):
        next(infer([path], Arithmetic(), **SETTINGS))
    assert not (tmp_path / "infer.zarr.json").exists()


def test_a_model_without_an_answer_is_an_error(
    masked: xr.Dataset, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"gpp: expected finite fluxes .* 1 without"):
        run(tmp_path, Broken(), masked)
