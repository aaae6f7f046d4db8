"""A model folder that is not as it was written: one line, and no memory for what is announced."""

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from forestflux.core.input_errors import InputError
from forestflux.ensemble.intervals.conformal import Calibration
from forestflux.ensemble.model_folder import load_model
from forestflux.ensemble.model_record import read_model_record
from forestflux.ensemble.weight_files import read_arrays, write_arrays
from forestflux.jobs.checksums import checksum_files
from forestflux.jobs.manifests import seal_of
from tests.builders.model_folders import write_small_model

WIDTHS = {"gpp": {"all": 400.0}, "nee": {"all": np.inf, "DBF": 90.0}}
MEMBER, REFERENCE = "member1.safetensors", "applicability.safetensors"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_model(
        tmp_path_factory.mktemp("model"),
        calibration={"level": 0.9, "half_width": WIDTHS},
        metadata={"run": "test"},
    )


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "model"))


def change_record(folder: Path, change: Callable[[dict], None], *, seal: bool) -> None:
    """Change the record of a model, with or without the seal that fits."""
    file = folder / "model.json"
    content = json.loads(file.read_text())
    change(content)
    if seal:
        content["seal"] = seal_of(content)
    file.write_text(json.dumps(content))


def accept(folder: Path, name: str) -> None:
    """Let the record have the checksum of a file as it is."""
    checksum = checksum_files([folder / name])
    change_record(folder, lambda c: c["checksums"].update({name: checksum}), seal=True)


def double_scale(content: dict) -> None:
    content["flux_scale"]["sd"] = [2 * sd for sd in content["flux_scale"]["sd"]]


def empty_calibration(content: dict) -> None:
    content["calibration"]["half_width"] = {}


def change_response(content: dict) -> None:
    content["response"]["coefficients"][0][0] += 1.0


def change_level(content: dict) -> None:
    content["calibration"]["level"] = 0.5


def swap_units(content: dict) -> None:
    content["units"]["et"] = "K"


def swap_members(content: dict) -> None:
    content["members"] = content["members"][:1]


def change_settings(content: dict) -> None:
    content["settings"]["half_year_shift"] = False


def change_threshold(content: dict) -> None:
    content["applicability"]["threshold"] = 9.0


EDITS = (
    double_scale,
    empty_calibration,
    change_response,
    change_level,
    swap_units,
    swap_members,
    change_settings,
    change_threshold,
)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_whatever_decides_a_number_is_under_one_checksum(folder: Path, edit) -> None:
    change_record(folder, edit, seal=False)
    with pytest.raises(InputError, match=r"model\.json: \w+: expected") as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)


def nan_weight(folder: Path) -> None:
    arrays = read_arrays(folder / MEMBER)
    arrays["encode.bias"] = np.full_like(arrays["encode.bias"], np.nan)
    write_arrays(folder / MEMBER, arrays)


def other_shape(folder: Path) -> None:
    arrays = read_arrays(folder / MEMBER)
    arrays["encode.bias"] = arrays["encode.bias"][:-1].copy()
    write_arrays(folder / MEMBER, arrays)


def other_type(folder: Path) -> None:
    arrays = read_arrays(folder / MEMBER)
    arrays["encode.bias"] = arrays["encode.bias"].astype("float64")
    write_arrays(folder / MEMBER, arrays)


def missing_array(folder: Path) -> None:
    arrays = read_arrays(folder / MEMBER)
    arrays.pop("encode.bias")
    write_arrays(folder / MEMBER, arrays)


def additional_array(folder: Path) -> None:
    write_arrays(folder / MEMBER, read_arrays(folder / MEMBER) | {"more": np.ones(1)})


def truncated(folder: Path) -> None:
    (folder / MEMBER).write_bytes((folder / MEMBER).read_bytes()[:-100])


def empty_file(folder: Path) -> None:
    (folder / MEMBER).write_bytes(b"")


def announce(count: int) -> Callable[[Path], None]:
    """A file whose header announces so many numbers and that holds one."""

    def announced(folder: Path) -> None:
        entry = {"dtype": "F32", "shape": [count], "data_offsets": [0, 4 * count]}
        header = json.dumps({"encode.bias": entry}).encode()
        content = struct.pack("<Q", len(header)) + header + bytes(4)
        (folder / MEMBER).write_bytes(content)

    return announced


def brain_floats(folder: Path) -> None:
    """Numbers of a kind that safetensors has and NumPy has not."""
    entry = {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}
    header = json.dumps({"encode.bias": entry}).encode()
    (folder / MEMBER).write_bytes(struct.pack("<Q", len(header)) + header + bytes(2))


def long_header(folder: Path) -> None:
    (folder / MEMBER).write_bytes(struct.pack("<Q", 10**12) + b"{}")


FILES = {
    "NaN weights": (nan_weight, r"encode\.bias: expected finite numbers, found NaN"),
    "another shape": (other_shape, r"encode\.bias: expected float32 of shape \(8,\)"),
    "another type": (other_type, r"encode\.bias: expected float32 of shape \(8,\)"),
    "an array less": (missing_array, r"encode\.bias: expected an array of this name"),
    "an array more": (additional_array, "more: expected no such array, found one"),
    "a truncated file": (truncated, "arrays: expected a safetensors file"),
    "an empty file": (empty_file, "arrays: expected a safetensors file"),
    "1e12 numbers": (announce(10**12), "arrays: expected a safetensors file"),
    "1e18 numbers": (announce(10**18), "arrays: expected a safetensors file"),
    "bfloat16": (brain_floats, "arrays: expected a safetensors file"),
    "a header of 1e12 bytes": (long_header, "arrays: expected a safetensors file"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_with_a_fitting_checksum_has_to_fit_as_well(
    folder: Path, case: str
) -> None:
    spoil, message = FILES[case]
    spoil(folder)
    with pytest.raises(InputError, match=r"member1\.safetensors: checksum: expected"):
        load_model(folder)
    accept(folder, MEMBER)
    with pytest.raises(InputError, match=rf"member1\.safetensors: {message}") as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("threshold", np.array(9.0), "threshold: expected .*, as model.json has it"),
        ("threshold", np.array(np.nan), "threshold: expected finite numbers"),
        ("mean", np.zeros(3), r"mean: expected float64 of shape \(34,\)"),
        ("points", np.zeros((5, 3)), r"points: expected float64 of shape \(5, 34\)"),
        ("points", np.array(1.0), r"points: expected float64 of shape \(1, 34\)"),
        ("share", None, "share: expected an array of this name"),
        ("mean_distance", np.array(np.inf), "mean_distance: expected finite numbers"),
    ],
)
def test_the_area_of_applicability_has_to_fit_as_well(
    folder: Path, name: str, value: np.ndarray | None, message: str
) -> None:
    arrays = read_arrays(folder / REFERENCE) | {name: value}
    known = {key: array for key, array in arrays.items() if array is not None}
    write_arrays(folder / REFERENCE, known)
    accept(folder, REFERENCE)
    with pytest.raises(InputError, match=rf"applicability\.safetensors: {message}"):
        load_model(folder)


def set_key(*path: str, value: object) -> Callable[[dict], None]:
    """A change of one key of the record, at a path of keys."""

    def change(content: dict) -> None:
        for part in path[:-1]:
            content = content[part]
        content[path[-1]] = value

    return change


WRONG = {
    "no half-widths": (empty_calibration, "calibration: expected half-widths of gpp"),
    "no width of all": (
        set_key("calibration", "half_width", "gpp", value={"ENF": 1.0}),
        "calibration: expected a half-width of all",
    ),
    "a negative width": (
        set_key("calibration", "half_width", "gpp", value={"all": -1.0}),
        "half_width.gpp.all: expected greater than or equal to 0",
    ),
    "a width that is no number": (
        set_key("calibration", "half_width", "gpp", value={"all": float("nan")}),
        "half_width.gpp.all: expected",
    ),
    "a level of 90": (set_key("calibration", "level", value=90.0), "level: expected"),
    "a scale of zero": (
        set_key("flux_scale", "sd", value=[1.0, 0.0, 1.0]),
        "flux_scale.sd.1: expected greater than 0",
    ),
    "no scale": (
        set_key("flux_scale", "mean", value=[1.0]),
        "flux_scale: expected one mean",
    ),
    "scales of other fluxes": (
        set_key("flux_scale", "variables", value=["gpp", "nee", "reco"]),
        "content: expected a flux_scale of gpp, reco, nee",
    ),
    "no members": (set_key("members", value=[]), "members: expected"),
    "one member twice": (
        set_key("members", value=["member0.safetensors"] * 2),
        "content: expected one checksum for the file of each member",
    ),
    "a file elsewhere": (
        set_key("members", value=["../member0.safetensors"]),
        "members.0: expected text that matches",
    ),
    "a reference elsewhere": (
        set_key("applicability", "file", value="/etc/passwd"),
        "applicability.file: expected text that matches",
    ),
    "a response of one member": (
        set_key("response", "members", value=[[[0.0] * 6] * 2]),
        "content: expected a response of 2 members",
    ),
    "a response of other variables": (
        set_key("response", "scale", value=[1.0] * 5),
        "content: expected a response of 2 members, 2 targets, 6 variables",
    ),
    "settings of another kind": (
        set_key("settings", "blocks", value="many"),
        "settings.blocks: expected",
    ),
    "metadata of another kind": (set_key("metadata", value=[]), "metadata: expected"),
    "an unknown key": (set_key("more", value=1), "more: expected one of"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_record_with_a_fitting_seal_has_to_fit_as_well(folder: Path, case) -> None:
    change, message = WRONG[case]
    change_record(folder, change, seal=True)
    with pytest.raises(InputError, match=rf"model\.json: .*{message}") as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)


def test_each_key_of_the_record_is_needed(folder: Path) -> None:
    whole = (folder / "model.json").read_text()
    for key in json.loads(whole):
        (folder / "model.json").write_text(whole)
        change_record(folder, lambda content, key=key: content.pop(key), seal=False)
        with pytest.raises(InputError, match=r"model\.json: \w+: expected"):
            load_model(folder)


@pytest.mark.parametrize("content", ["[]", "{}", "null", "3", "", "{"])
def test_a_record_of_another_form_is_one_line(folder: Path, content: str) -> None:
    (folder / "model.json").write_text(content)
    with pytest.raises(InputError, match=r"model\.json: \w+: expected") as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)


def test_a_network_that_fits_nowhere_is_not_built(folder: Path) -> None:
    """Shapes are compared before memory is taken: this one would need 6 TB."""
    change_record(folder, set_key("settings", "hidden", value=50 * 10**9), seal=True)
    with pytest.raises(InputError, match=r"member0\.safetensors: .*: expected float32"):
        load_model(folder)


def test_infinite_half_widths_come_back_and_are_plain_json(folder: Path) -> None:
    text = (folder / "model.json").read_text()
    assert "Infinity" not in text
    assert read_model_record(folder / "model.json").calibration.half_width["nee"] == {
        "all": None,
        "DBF": 90.0,
    }
    assert load_model(folder).calibration == Calibration(0.9, WIDTHS)
