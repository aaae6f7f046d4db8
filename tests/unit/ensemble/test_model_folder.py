import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from safetensors.numpy import load_file

import forestflux
from forestflux.core.calendars.eight_day import step_starts
from forestflux.core.input_errors import InputError
from forestflux.ensemble.intervals.gap_widening import GapWidening
from forestflux.ensemble.model_folder import load_model, save_model
from forestflux.ensemble.weight_files import write_arrays
from forestflux.jobs.checksums import checksum_files
from forestflux.jobs.manifests import seal_of
from forestflux.models.flux_model import predict_samples
from forestflux.models.network_regressor import NetworkRegressor
from forestflux.models.network_training import train_network
from forestflux.models.years.response import Response
from tests.builders.error_models import make_errors
from tests.builders.inputs import RANGES, UNITS, VARIABLES
from tests.builders.paths import ROOT
from tests.builders.small_training import (
    make_applicability,
    make_response,
    make_samples,
    settings,
)

CALIBRATION = {
    "level": 0.9,
    "half_width": {"gpp": {"all": 400.0}, "nee": {"all": 300.0, "DBF": 90.0}},
}
RESPONSE = make_response(2)


@pytest.fixture(scope="module")
def members() -> list[NetworkRegressor]:
    samples = make_samples()
    return [train_network(samples, settings=settings(), seed=seed) for seed in (1, 2)]


@pytest.fixture(scope="module")
def saved(
    members: list[NetworkRegressor], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("model")
    save(folder, members)
    return folder


def save(
    folder: Path,
    members: list[NetworkRegressor],
    response: Response | None = RESPONSE,
    calibration: dict[str, Any] = CALIBRATION,
) -> None:
    save_model(
        folder,
        members,
        response=response,
        calibration=calibration,
        errors=make_errors(),
        applicability=make_applicability(members),
        units=UNITS,
        ranges=RANGES,
        metadata={"run": "test"},
    )


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "model"))


def dataset() -> xr.Dataset:
    """Two rows and three columns; the third column has no forest."""
    series = make_samples(6).series.reshape(2, 3, len(VARIABLES), 46)
    arrays = {
        name: (
            ("time", "y", "x"),
            np.clip(series[:, :, i].transpose(2, 0, 1), *RANGES[name]),
            {"units": unit},
        )
        for i, (name, unit) in enumerate(UNITS.items())
    }
    types = np.array([[1, 4, 0], [5, 2, 0]], "uint8")
    return xr.Dataset(
        {**arrays, "forest_type": (("y", "x"), types)},
        coords={
            "time": step_starts(2004).astype("datetime64[ns]"),
            "y": [50.0, -20.0],
            "x": [1.0, 2.0, 3.0],
        },
    )


def edit(folder: Path, **changes: object) -> None:
    """Change keys of the record, and give it the seal that fits."""
    record = folder / "model.json"
    content = json.loads(record.read_text()) | changes
    record.write_text(json.dumps(content | {"seal": seal_of(content)}))


def edit_file(folder: Path, name: str, arrays: dict) -> None:
    """Write other arrays into a file of the model, and the checksum that fits."""
    write_arrays(folder / name, arrays)
    accept_file(folder, name)


def accept_file(folder: Path, name: str) -> None:
    """Let the record have the checksum of a file as it is."""
    checksums = json.loads((folder / "model.json").read_text())["checksums"]
    edit(folder, checksums=checksums | {name: checksum_files([folder / name])})


def test_loaded_members_predict_what_the_trained_ones_do(
    members: list[NetworkRegressor], folder: Path
) -> None:
    samples = make_samples(300, seed=9)
    samples = samples.take(samples.table["forest"].to_numpy())
    gpp, reco = predict_samples(forestflux.load_model(folder), samples)
    assert gpp.shape == (2, len(samples))
    for index, member in enumerate(members):
        expected = predict_samples(member, samples)
        assert np.allclose(gpp[index], expected.gpp, rtol=1e-5)
        assert np.allclose(reco[index], expected.reco, rtol=1e-5)


@pytest.mark.parametrize("penalty", [(30.0, 3.0), (np.inf, 100.0), (np.inf, np.inf)])
def test_response_comes_along(
    members: list[NetworkRegressor], tmp_path: Path, penalty: tuple[float, float]
) -> None:
    """Every number of it, also where one target or both do not respond."""
    responds = np.isfinite(penalty)
    assert (RESPONSE.members[:, 0] != 0).all()
    saved = replace(
        RESPONSE,
        penalty=np.array(penalty),
        coefficients=RESPONSE.coefficients * responds[:, None],
        members=RESPONSE.members * responds[:, None],
    )
    save(tmp_path, members, saved)
    loaded = load_model(tmp_path).response
    for name, values in vars(saved).items():
        np.testing.assert_array_equal(getattr(loaded, name), values)
    departures = np.random.default_rng(1).normal(0, 1, (5, len(VARIABLES)))
    np.testing.assert_array_equal(
        loaded.predict_members(departures), saved.predict_members(departures)
    )
    record = json.loads((tmp_path / "model.json").read_text())["response"]
    assert [value is None for value in record["penalty"]] == list(~responds)


def test_a_model_may_have_no_response(
    members: list[NetworkRegressor], tmp_path: Path
) -> None:
    """Where years are taken to differ like places."""
    save(tmp_path, members, None)
    assert load_model(tmp_path).response is None


def test_predict_gives_closed_fluxes_on_forest_and_nan_elsewhere(folder: Path) -> None:
    fluxes = load_model(folder).predict(dataset())
    assert np.isfinite(fluxes["gpp"].values[:, :2]).all()
    assert np.isnan(fluxes["gpp"].values[:, 2]).all()
    closed = fluxes["reco"] - fluxes["gpp"]
    assert np.allclose(fluxes["nee"], closed, atol=1e-3, equal_nan=True)
    for name in set(fluxes) - {"dissimilarity", "applicable", "gap_fraction"}:
        assert fluxes[name].dtype == np.float32
        assert fluxes[name].attrs["units"] == "gC m-2 yr-1"
    assert "negative is uptake" in fluxes["nee"].attrs["comment"]


def test_the_example_of_the_page_gives_what_predict_does(
    members: list[NetworkRegressor],
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A site with gaps and a hidden series, so that its interval is a wider one."""
    widening = GapWidening(
        hidden=(1.0, 2.0, 2.0, 2.0, 2.0, 2.0), shares=(0.0, 0.5), thinned=(1.0, 3.0)
    )
    widenings = dict.fromkeys(("gpp", "nee"), widening.to_dict())
    calibration = CALIBRATION | {"widening": widenings}
    save(folder, members, calibration=calibration)
    model = load_model(folder)
    one = dataset().isel(y=[0], x=[1]).assign_coords(y=[48.7])  # of type DBF
    one["precip"][:] = np.nan
    one["et"][:20] = np.nan
    monkeypatch.chdir(tmp_path)
    series = {name: one[name].values[:, 0, 0] for name in VARIABLES}
    pd.DataFrame(series).to_csv("my_site_2018.csv", index=False)
    page = (ROOT / "docs/reference/api.md").read_text()
    (code,) = re.findall(r"```python\n([^`]*my_site_2018[^`]*)```", page)
    names: dict[str, Any] = {"model": model}
    exec(compile(code, "api.md", "exec"), names)
    estimates, predicted = names["estimates"], model.predict(one)
    assert set(estimates) == set(predicted)
    for name, values in estimates.items():
        np.testing.assert_allclose(values, predicted[name].values[0], rtol=1e-6)
    half = estimates["nee_upper"] - estimates["nee"]
    assert float(half.iloc[0]) > 2 * 90 + 1


def test_each_cell_is_estimated_from_its_own_series(folder: Path) -> None:
    model, data = load_model(folder), dataset()
    series = np.stack([data[name].values[:, 1, 0] for name in VARIABLES])
    gpp, _ = model.predict_arrays(series[None], np.array([-20.0]), np.array([5]))
    assert float(model.predict(data)["gpp"][1, 0]) == pytest.approx(
        gpp.mean(), rel=1e-5
    )


def test_interval_is_the_calibrated_half_width_of_the_forest_type(folder: Path) -> None:
    data = dataset()
    fluxes = load_model(folder).predict(data)
    wanted = np.where(data["forest_type"] == 4, 90.0, 300.0)  # 4 is DBF
    wanted[data["forest_type"] == 0] = np.nan
    for half in (
        fluxes["nee_upper"] - fluxes["nee"],
        fluxes["nee"] - fluxes["nee_lower"],
    ):
        assert np.allclose(half, wanted, atol=1e-2, equal_nan=True)
    upper = (fluxes["gpp_upper"] - fluxes["gpp"]).values[:, :2]
    assert np.allclose(upper, 400, atol=1e-2)
    assert float(fluxes["gpp_lower"].min()) >= 0
    assert "90% interval" in fluxes["nee_upper"].attrs["long_name"]


def test_applicability_comes_along(folder: Path) -> None:
    model, data = load_model(folder), dataset()
    far = data.copy(deep=True)
    far["precip"][:, 0, 0] += 40.0  # many standard deviations off
    for name in VARIABLES:
        far[name][:, 0, 1] = np.nan
    fluxes = model.predict(far)
    index, inside = fluxes["dissimilarity"].values, fluxes["applicable"].values
    assert inside.dtype == np.uint8
    assert inside[:, 2].tolist() == [255, 255]
    assert np.isnan(index[:, 2]).all()
    assert inside[0, :2].tolist() == [0, 0]  # unlike all, and nothing known
    assert index[0, 0] > 1
    # Where no series has a value there is nothing to estimate from.
    assert np.isfinite(fluxes["nee"].values[0, :2]).tolist() == [True, False]
    assert np.isnan(fluxes["gpp_upper"].values[0, 1])
    assert fluxes["gap_fraction"].values[0, 1] == 1
    known = model.predict(data)["dissimilarity"].values
    np.testing.assert_array_equal(known[1], index[1])
    assert inside[1, 0] == (known[1, 0] <= model.applicability.threshold)


def test_training_rows_are_like_themselves(folder: Path) -> None:
    model, samples = load_model(folder), make_samples()
    samples = samples.take(samples.table["forest"].to_numpy())
    index = model.dissimilarity_index(samples.series, samples.lat, samples.forest_type)
    np.testing.assert_allclose(index, 0, atol=1e-5)


def test_tower_groups_bring_their_latitude(folder: Path) -> None:
    model, data = load_model(folder), dataset()
    towers = data.assign_coords(y=[0, 1]).assign(lat=("y", [50.0, -20.0]))
    assert np.allclose(
        model.predict(towers)["gpp"], model.predict(data)["gpp"], equal_nan=True
    )


def test_order_of_dimensions_does_not_matter(folder: Path) -> None:
    model, data = load_model(folder), dataset()
    turned = data.transpose("x", "time", "y")
    assert np.allclose(
        model.predict(turned)["nee"], model.predict(data)["nee"], equal_nan=True
    )


def test_units_and_ranges_come_along(folder: Path) -> None:
    model = load_model(folder)
    assert (model.inputs, model.ranges) == (UNITS, RANGES)
    assert model.ranges["lst_day"] == (180.0, 345.0)
    data = dataset()
    data["lst_day"] -= 273.15
    data["lst_day"].attrs["units"] = "K"
    with pytest.raises(InputError, match="lst_day: expected values from 180 to 345 K"):
        model.predict(data)


def test_saving_twice_gives_equal_bytes(
    members: list[NetworkRegressor], folder: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    save(again, members)
    for name in (
        "model.json",
        "member0.safetensors",
        "member1.safetensors",
        "applicability.safetensors",
    ):
        assert (again / name).read_bytes() == (folder / name).read_bytes()


def test_weights_are_plain_arrays(folder: Path) -> None:
    weights = load_file(folder / "member0.safetensors")
    assert {part.dtype for part in weights.values()} == {np.dtype("float32")}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format_version": 6}, "format_version: expected 7, found 6"),
        (
            {"calendar": {"steps": 23}},
            r'calendar: expected .*46.*, found .*"steps": 23',
        ),
        ({"variables": ["evi", *VARIABLES[2:], "rain"]}, "variables that have units"),
        ({"forest_types": ["ENF"]}, "forest_types"),
    ],
)
def test_a_model_of_another_kind_is_refused(
    folder: Path, change: dict, reason: str
) -> None:
    edit(folder, **change)
    with pytest.raises(InputError, match=reason):
        load_model(folder)


def test_missing_or_foreign_weights_are_refused(folder: Path) -> None:
    shutil.copy(folder / "member0.safetensors", folder / "member1.safetensors")
    with pytest.raises(InputError, match="checksum"):
        load_model(folder)
    (folder / "member1.safetensors").unlink()
    with pytest.raises(
        InputError, match=r"member1\.safetensors: file: expected a file"
    ):
        load_model(folder)


def test_a_missing_or_foreign_reference_is_refused(folder: Path) -> None:
    shutil.copy(folder / "member0.safetensors", folder / "applicability.safetensors")
    with pytest.raises(InputError, match="checksum"):
        load_model(folder)
    (folder / "applicability.safetensors").unlink()
    with pytest.raises(
        InputError, match=r"applicability\.safetensors: file: expected a file"
    ):
        load_model(folder)


class Evil:
    """An object that writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["member0.safetensors", "applicability.safetensors"])
def test_no_code_of_a_model_is_run(folder: Path, tmp_path: Path, name: str) -> None:
    trace = tmp_path / "was here"
    np.savez(tmp_path / "evil.npz", first=np.array([Evil(trace)], dtype=object))
    shutil.copy(tmp_path / "evil.npz", folder / name)
    with np.load(folder / name, allow_pickle=True) as arrays:
        assert arrays["first"] is not None
    assert trace.exists()  # the object does what it is for, when it is let
    trace.unlink()
    accept_file(folder, name)
    with pytest.raises(
        InputError, match=f"{name}: arrays: expected a safetensors file"
    ):
        load_model(folder)
    assert not trace.exists()


def test_no_model_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"model\.json"):
        load_model(tmp_path)


def test_members_of_different_scales_are_refused(
    members: list[NetworkRegressor], tmp_path: Path
) -> None:
    other = train_network(make_samples(30), settings=settings(), seed=1)
    with pytest.raises(ValueError, match="share"):
        save(tmp_path, [members[0], other])


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda data: data.drop_vars("et"), "et: expected a variable"),
        (
            lambda data: data.assign(lst_day=data["lst_day"].assign_attrs(units="C")),
            "lst_day: expected units K, found C",
        ),
        (lambda data: data.isel(time=slice(0, 45)), "time: expected the 46"),
        (
            lambda data: data.assign_coords(time=data["time"] + np.timedelta64(1, "D")),
            "time: expected the 46",
        ),
        (lambda data: data.assign(forest_type=data["forest_type"] + 3), "codes 0-5"),
    ],
)
def test_a_dataset_that_would_be_misread_is_refused(
    folder: Path, spoil, reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        load_model(folder).predict(spoil(dataset()))


def test_prediction_does_not_track_gradients(folder: Path) -> None:
    model = load_model(folder)
    assert not any(m.network.training for m in model.members)
    ready = model.members[0].prepare(make_samples(3).series, np.zeros(3))
    with torch.inference_mode():
        assert not model.members[0].network(ready, torch.eye(6)[:3]).requires_grad
