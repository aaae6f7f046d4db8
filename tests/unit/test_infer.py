"""Inference over a tile: which cells, in which order, and bad input."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from forestflux.calendar import STEPS, step_starts
from forestflux.errors import InputError
from forestflux.infer import infer_year
from forestflux.names import UNITS, VARIABLES
from forestflux.store import load_store, write_store

SETTINGS = {"min_forest_fraction": 0.05, "batch_cells": 100}


class Arithmetic:
    """A model of two members whose fluxes are plain sums of what it is given."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def predict_maps(
        self, maps: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        assert maps.dtype == np.float32
        assert maps.shape[1:] == (len(VARIABLES), STEPS)
        self.batches.append(len(maps))
        weights = 10.0 ** np.arange(len(VARIABLES))
        first_step = np.nan_to_num(maps[:, :, 0]) @ weights
        gpp = first_step + 1000 * forest_type
        reco = lat + np.nan_to_num(maps[:, 0, -1])
        return np.stack([gpp, gpp + 1]), np.stack([reco, reco + 2])

    def dissimilarity(
        self, maps: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> np.ndarray:
        return np.where(forest_type == 3, np.nan, maps[:, 1, 0] + lat / 1000)


class Broken(Arithmetic):
    """A model that has no answer for EBF."""

    def predict_maps(
        self, maps: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        gpp, reco = super().predict_maps(maps, lat, forest_type)
        gpp[:, forest_type == 2] = np.nan
        return gpp, reco


@pytest.fixture
def masked() -> xr.Dataset:
    """Two rows of three cells; variable v holds v + cell / 10 on every step."""
    cells = np.arange(6).reshape(2, 3)
    series = {
        name: (
            ("time", "y", "x"),
            np.broadcast_to(position + cells / 10, (STEPS, 2, 3)).astype("float32"),
            {"units": UNITS[name]},
        )
        for position, name in enumerate(VARIABLES)
    }
    return xr.Dataset(
        {
            **series,
            "gap_fraction": (
                ("variable", "y", "x"),
                np.stack([np.full((2, 3), share) for share in (0, 0, 0, 0, 0.3, 0.6)]),
            ),
            "forest_fraction": (("y", "x"), np.array([[0.5, 0, 0.04], [0.05, 1, 0.9]])),
            "forest_type": (("y", "x"), np.array([[1, 0, 2], [2, 5, 3]], "uint8")),
        },
        coords={"time": step_starts(2003), "y": [50.5, 49.5], "x": [7.5, 8.5, 9.5]},
    )


def test_only_forest_cells_have_fluxes(masked: xr.Dataset) -> None:
    result = infer_year(masked, Arithmetic(), **SETTINGS)
    forest = np.array([[True, False, False], [True, True, True]])
    for flux in ("gpp", "reco"):
        assert result[flux].dims == ("member", "y", "x")
        assert result[flux].dtype == np.float32
        assert (np.isfinite(result[flux].values) == forest).all()


def test_each_cell_gets_its_own_series_type_and_latitude(masked: xr.Dataset) -> None:
    masked["ndvi"][-1] = masked["ndvi"][-1] + 3
    result = infer_year(masked, Arithmetic(), **SETTINGS)
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


@pytest.mark.parametrize("batch_cells", [1, 3, 4, 100])
def test_batches_do_not_change_the_result(masked: xr.Dataset, batch_cells: int) -> None:
    model = Arithmetic()
    whole = infer_year(masked, Arithmetic(), **SETTINGS)
    part = infer_year(masked, model, min_forest_fraction=0.05, batch_cells=batch_cells)
    xr.testing.assert_identical(part, whole)
    assert sum(model.batches) == 4
    assert max(model.batches) <= batch_cells


def test_layers_and_year_go_along(masked: xr.Dataset) -> None:
    result = infer_year(masked, Arithmetic(), **SETTINGS)
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
        "dissimilarity",
    }


def test_a_tile_without_forest_is_empty_with_all_members(masked: xr.Dataset) -> None:
    masked["forest_type"][:] = 0
    masked["forest_fraction"][:] = 0
    result = infer_year(masked, Arithmetic(), **SETTINGS)
    assert result.sizes["member"] == 2
    assert np.isnan(result["gpp"]).all()


def test_zero_as_smallest_fraction_still_needs_forest(masked: xr.Dataset) -> None:
    masked["forest_type"][0, 1] = 1
    result = infer_year(masked, Arithmetic(), min_forest_fraction=0, batch_cells=9)
    assert np.isnan(result["gpp"].values[0, 0, 1])
    assert np.isfinite(result["gpp"].values[0, 0, 2])


def test_a_forest_cell_without_data_is_still_estimated(masked: xr.Dataset) -> None:
    for name in VARIABLES:
        masked[name][:, 1, 1] = np.nan
    result = infer_year(masked, Arithmetic(), **SETTINGS)
    assert result["gpp"].values[0, 1, 1] == 5000


def test_from_store_to_store(masked: xr.Dataset, tmp_path: Path) -> None:
    expected = infer_year(masked, Arithmetic(), **SETTINGS)
    write_store(masked, tmp_path / "mask.zarr")
    result = infer_year(load_store(tmp_path / "mask.zarr"), Arithmetic(), **SETTINGS)
    write_store(result, tmp_path / "infer.zarr")
    stored = load_store(tmp_path / "infer.zarr")
    xr.testing.assert_equal(stored, expected)
    assert stored.attrs["year"] == 2003


def test_a_lazy_store_names_itself_in_errors(
    masked: xr.Dataset, tmp_path: Path
) -> None:
    write_store(masked.drop_vars("evi"), tmp_path / "2003.zarr")
    with pytest.raises(InputError, match=r"evi: expected a layer of a masked tile"):
        infer_year(load_store(tmp_path / "2003.zarr"), Arithmetic(), **SETTINGS)


def test_bad_input_stops_at_the_door(masked: xr.Dataset) -> None:
    celsius = masked.copy()
    celsius["lst_day"] = masked["lst_day"].assign_attrs(units="degC")
    with pytest.raises(InputError, match="lst_day: expected units K, found degC"):
        infer_year(celsius, Arithmetic(), **SETTINGS)
    with pytest.raises(InputError, match="time: expected 46 steps, found 45"):
        infer_year(masked.isel(time=slice(45)), Arithmetic(), **SETTINGS)
    masked["forest_type"][0, 0] = 8
    with pytest.raises(InputError, match="forest_type: expected codes 0-5, found 8"):
        infer_year(masked, Arithmetic(), **SETTINGS)


def test_a_model_without_an_answer_is_an_error(masked: xr.Dataset) -> None:
    with pytest.raises(InputError, match=r"gpp: expected finite fluxes .* 1 without"):
        infer_year(masked, Broken(), **SETTINGS)
