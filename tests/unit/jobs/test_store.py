"""Stores on a real disk: whole, checked, recorded last."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from forestflux.core.input_errors import InputError
from forestflux.jobs.checksums import make_build_key
from forestflux.jobs.manifests import manifest_path
from forestflux.jobs.small_files import read_json, write_json
from forestflux.jobs.stores.store import (
    is_done,
    load_store,
    open_store,
    write_store,
)


def dataset(seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(46, 8, 8)).astype("float32")
    values[:, :4] = np.nan
    return xr.Dataset(
        {
            "ndvi": (("time", "y", "x"), values, {"units": "1"}),
            "count": (("y", "x"), np.arange(64, dtype="uint8").reshape(8, 8)),
        },
        coords={"site": ("y", [f"XX-{k:03d}" for k in range(8)])},
    )


def chunk_files(path, variable):
    return sorted(p for p in (path / variable / "c").rglob("*") if p.is_file())


def test_a_store_comes_back_bit_for_bit(tmp_path):
    path = tmp_path / "2003.zarr"
    write_store(dataset(), path)
    back = load_store(path)
    for name in ("ndvi", "count"):
        assert back[name].dtype == dataset()[name].dtype
        np.testing.assert_array_equal(back[name].values, dataset()[name].values)
    assert list(back["site"].values) == [f"XX-{k:03d}" for k in range(8)]
    assert back["ndvi"].attrs["units"] == "1"


def test_the_same_content_has_the_same_manifest_and_another_has_another(tmp_path):
    records = [
        write_store(dataset(seed), tmp_path / name / "2003.zarr", build_key="r")
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    ]
    assert records[0] == records[1]
    assert records[0].checksum != records[2].checksum


def test_chunks_that_are_all_gaps_are_on_disk_too(tmp_path):
    path = tmp_path / "2003.zarr"
    write_store(dataset(), path, chunks={"y": 4})
    assert len(chunk_files(path, "ndvi")) == 2


def test_a_store_is_done_only_with_its_manifest_and_build_key(tmp_path):
    path = tmp_path / "2003.zarr"
    assert not is_done(path, "r")
    write_store(dataset(), path, build_key="r")
    assert is_done(path, "r")
    assert not is_done(path, "other")
    manifest_path(path).unlink()
    assert not is_done(path, "r")
    with pytest.raises(InputError, match=r"manifest: expected 2003\.zarr\.json"):
        open_store(path)


def test_a_flipped_bit_is_noticed_and_named(tmp_path):
    path = tmp_path / "2003.zarr"
    write_store(dataset(), path)
    chunk = chunk_files(path, "ndvi")[0]
    content = bytearray(chunk.read_bytes())
    content[len(content) // 2] ^= 1
    chunk.write_bytes(content)
    with pytest.raises(InputError, match=r"2003.zarr: ndvi: expected readable chunks"):
        load_store(path)


def test_a_missing_chunk_is_noticed_although_zarr_would_read_it_as_fill(tmp_path):
    path = tmp_path / "2003.zarr"
    write_store(dataset(), path, chunks={"y": 4})
    chunk_files(path, "ndvi")[1].unlink()
    with pytest.raises(InputError, match="ndvi: expected 2 chunks, found 1"):
        load_store(path)


def test_a_missing_variable_is_named(tmp_path):
    path = tmp_path / "2003.zarr"
    write_store(dataset(), path)
    with pytest.raises(InputError, match="evi: expected a variable of the store"):
        load_store(path, ["evi"])


def test_a_write_over_an_old_store_leaves_nothing_of_it(tmp_path):
    path = tmp_path / "2003.zarr"
    write_store(dataset(), path, build_key="old")
    write_store(dataset()[["count"]], path, build_key="new")
    assert set(load_store(path).data_vars) == {"count"}
    assert read_json(manifest_path(path))["build_key"] == "new"


def test_a_damaged_manifest_is_named(tmp_path):
    path = tmp_path / "job.json"
    path.write_text('{"stores": ')
    with pytest.raises(InputError, match=r"job.json: file: expected readable JSON"):
        read_json(path)


def test_json_is_replaced_whole(tmp_path):
    path = tmp_path / "job.json"
    write_json(path, {"a": 1})
    write_json(path, {"a": 2})
    assert read_json(path) == {"a": 2}
    assert os.listdir(tmp_path) == ["job.json"]


def test_build_keys_do_not_depend_on_the_order_of_keys():
    assert make_build_key({"a": 1, "b": 2}) == make_build_key({"b": 2, "a": 1})
    assert make_build_key({"a": 1}) != make_build_key({"a": 2})


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_stops_with_one_line_and_leaves_earlier_stores_whole(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("tmpfs cannot be mounted here")
    try:
        script = Path(__file__).with_name("fill_disk.py")
        done = subprocess.run(
            [sys.executable, script, "--folder", disk, "--log", tmp_path / "log"],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert os.strerror(errno.ENOSPC) in done.stderr
        load_store(disk / "2003.zarr")
        assert not manifest_path(disk / "2004.zarr").exists()
    finally:
        subprocess.run(["umount", str(disk)], check=True)
