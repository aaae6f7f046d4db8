"""Damage of finished stores on a real disk: whatever is changed, no reader believes it."""

import json
import shutil

import numpy as np
import pytest
import xarray as xr

from forestflux.core.input_errors import InputError
from forestflux.jobs.manifests import manifest_path, write_manifest
from forestflux.jobs.stages import run_stage, upstream_stores
from forestflux.jobs.stores.store import load_part, load_store, open_store, write_store
from forestflux.jobs.stores.store_checks import compare_bytes, read_store_manifest

KEYS = [("towers", 2003), ("towers", 2004)]
SITES = [f"MY-L{letter}m" for letter in "abcdefgh"]


def make_year(year: int) -> xr.Dataset:
    """A place in a year: one layer, and every kind of coordinate."""
    rng = np.random.default_rng(year)
    values = rng.normal(size=(46, 8, 4)).astype("float32")
    return xr.Dataset(
        {"ndvi": (("time", "y", "x"), values, {"units": "1"})},
        coords={
            "time": np.datetime64(f"{year}-01-01", "ns") + np.arange(46) * 8,
            "y": np.linspace(50, 43, 8),
            "x": np.arange(4.0),
            "site": ("y", SITES),
            "lat": ("y", np.linspace(60, 43, 8)),
        },
    )


def run_job(folder, made: list, keys=KEYS) -> None:
    """A job of two stores; what it makes is appended to `made`."""

    def make(missing):
        for place, year in missing:
            made.append((place, year))
            yield make_year(year)

    run_stage(
        folder / "job.json",
        keys,
        build_key=lambda place, year: ["code", place, year],
        make=make,
        chunks={"y": 4},
    )


@pytest.fixture
def job(tmp_path):
    """The folder of a finished job."""
    run_job(tmp_path, [])
    return tmp_path


def files_of(store, name: str) -> list:
    """The chunks of an array."""
    return sorted(file for file in (store / name / "c").rglob("*") if file.is_file())


def flip(file) -> None:
    """Flip one bit in the middle of a file."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def flip_layer(folder, store):
    flip(files_of(store, "ndvi")[0])


def flip_site(folder, store):
    flip(files_of(store, "site")[0])


def flip_latitude(folder, store):
    flip(files_of(store, "lat")[0])


def flip_metadata(folder, store):
    file = store / "ndvi/zarr.json"
    file.write_text(file.read_text().replace('"units": "1"', '"units": "2"'))


def delete_chunk(folder, store):
    files_of(store, "ndvi")[1].unlink()


def delete_rows(folder, store):
    files_of(store, "y")[0].unlink()


def delete_sites(folder, store):
    files_of(store, "site")[0].unlink()


def delete_dates(folder, store):
    files_of(store, "time")[0].unlink()


def take_chunk_of_another_year(folder, store):
    other = folder / "towers/2004.zarr"
    shutil.copy(files_of(other, "ndvi")[0], files_of(store, "ndvi")[0])


def take_dates_of_another_year(folder, store):
    shutil.copytree(
        folder / "towers/2004.zarr/time", store / "time", dirs_exist_ok=True
    )


def take_another_store(folder, store):
    """Another year's store with its manifest, renamed so that both agree."""
    shutil.rmtree(store)
    shutil.copytree(folder / "towers/2004.zarr", store)
    other = read_store_manifest(folder / "towers/2004.zarr")
    named = other.model_copy(update={"store": store.name})
    write_manifest(manifest_path(store), named)


def add_file(folder, store):
    (store / "ndvi/c/9").mkdir(parents=True)
    (store / "ndvi/c/9/0").write_bytes(b"more")


def edit_record(store, **changes):
    file = manifest_path(store)
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def edit_checksum(folder, store):
    edit_record(store, checksum="0" * 32)


def edit_shape(folder, store):
    variables = json.loads(manifest_path(store).read_text())["variables"]
    variables["ndvi"]["shape"] = [46, 8, 5]
    edit_record(store, variables=variables)


def edit_build_key(folder, store):
    edit_record(store, build_key="another")


# What is done to the store of 2003, and the words of the line.
DAMAGE = {
    flip_layer: r"2003\.zarr: ndvi: expected readable chunks",
    flip_site: r"2003\.zarr: site: expected readable chunks",
    flip_latitude: r"2003\.zarr: lat: expected readable chunks",
    flip_metadata: r"2003\.zarr: checksum: expected every file as its job wrote it",
    delete_chunk: r"2003\.zarr: ndvi: expected 2 chunks, found 1",
    delete_rows: r"2003\.zarr: y: expected \d chunks?, found",
    delete_sites: r"2003\.zarr: site: expected \d chunks?, found",
    delete_dates: r"2003\.zarr: time: expected 1 chunks?, found 0",
    take_chunk_of_another_year: r"2003\.zarr: checksum: expected every file",
    take_dates_of_another_year: r"2003\.zarr: checksum: expected every file",
    take_another_store: r"2003\.zarr\.json: checksum: expected .* as its job recorded",
    add_file: r"2003\.zarr: checksum: expected every file",
    edit_checksum: r"2003\.zarr\.json: seal: expected a manifest as its job wrote it",
    edit_shape: r"2003\.zarr\.json: seal: expected a manifest as its job wrote it",
    edit_build_key: r"2003\.zarr\.json: seal: expected a manifest as its job wrote it",
}
READERS = {
    "all": lambda path: load_store(path),
    "rows": lambda path: load_store(path, ["ndvi"], rows=slice(4, 8)),
    "lazy": lambda path: load_part(open_store(path), ["ndvi"], y=slice(0, 4)),
    "attributes": lambda path: open_store(path).attrs,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("spoil", DAMAGE, ids=lambda spoil: spoil.__name__)
def test_no_reader_believes_a_store_that_is_not_as_its_job_wrote_it(job, spoil, reader):
    """Also where the reader has read it before, and needs only another part of it."""
    stores = upstream_stores(job / "job.json")
    before = READERS[reader](stores.path("towers", 2003))
    assert before is not None
    spoil(job, job / "towers/2003.zarr")
    with pytest.raises(InputError, match=DAMAGE[spoil]):
        READERS[reader](stores.path("towers", 2003))
    assert stores.load("towers", 2004).sizes["time"] == 46


@pytest.mark.parametrize("spoil", DAMAGE, ids=lambda spoil: spoil.__name__)
def test_a_job_makes_a_damaged_store_again_and_keeps_the_others(job, spoil):
    """Without the job's manifest, which is what a user deletes to have the job run again."""
    before = (job / "job.json").read_bytes()
    spoil(job, job / "towers/2003.zarr")
    (job / "job.json").unlink()
    made = []
    run_job(job, made)
    assert made == [("towers", 2003)]
    assert (job / "job.json").read_bytes() == before
    xr.testing.assert_identical(
        upstream_stores(job / "job.json")
        .load("towers", 2003)["ndvi"]
        .drop_vars("site"),
        make_year(2003)["ndvi"].drop_vars("site"),
    )


def test_nothing_is_made_where_nothing_is_damaged(job):
    made = []
    run_job(job, made)
    assert made == []


def test_a_job_whose_store_has_a_damaged_manifest_makes_it_again(job):
    manifest_path(job / "towers/2003.zarr").write_text('{"store": ')
    made = []
    run_job(job, made)
    assert made == [("towers", 2003)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", r"job\.json: file: expected a JSON object of keys, found \[\]"),
        ("null", r"job\.json: file: expected a JSON object of keys, found null"),
        ("{}", r"job\.json: stores: expected a value, found a missing key"),
        ("[" * 100_000, r"job\.json: file: expected readable JSON"),
        (
            '{"stores": []}',
            r"job\.json: stores: expected a section of keys, found \[\]",
        ),
        ('{"stores": {"towers/2003": 1}}', r"job\.json: stores\.towers/2003: expected"),
        ('{"stores": {"../2003": "a"}}', r"job\.json: stores\.\.\./2003.*: expected"),
        ('{"stores": {"a/../../b": "a"}}', r"job\.json: stores.*: expected"),
        ('{"stores": {"/etc/passwd": "a"}}', r"job\.json: stores.*: expected"),
        ('{"stores": {"towers/2003": "a"}}', r"job\.json: seal: expected a manifest"),
        ('{"stores": {}, "more": 1}', r"job\.json: more: expected one of"),
    ],
)
def test_a_job_manifest_of_another_form_is_one_line(tmp_path, content, message):
    (tmp_path / "job.json").write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        upstream_stores(tmp_path / "job.json")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["[]", "{}", "null", '{"store": 1}'])
def test_a_store_manifest_of_another_form_is_one_line(job, content):
    manifest_path(job / "towers/2003.zarr").write_text(content)
    with pytest.raises(InputError, match=r"2003\.zarr\.json: \w+: expected"):
        open_store(job / "towers/2003.zarr")


def test_a_store_missing_from_the_manifest_of_its_job_is_noticed(job):
    """Otherwise a year would be missing from what reads all stores of a job."""
    file = job / "job.json"
    content = json.loads(file.read_text())
    content["stores"].pop("towers/2003")
    file.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"job\.json: seal: expected a manifest"):
        upstream_stores(file)


def test_bytes_are_compared_once_for_each_state_of_a_store(tmp_path):
    path = tmp_path / "2003.zarr"
    write_store(make_year(2003), path)
    before = compare_bytes.cache_info()
    for _ in range(3):
        load_store(path, ["ndvi"], rows=slice(0, 4))
    after = compare_bytes.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 2)
