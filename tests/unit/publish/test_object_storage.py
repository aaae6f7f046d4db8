"""Products on object storage: a real server of the S3 protocol, and a plain folder."""

import shutil
import socket
import subprocess
import time

import pytest
import xarray as xr
from zarr.storage import ObjectStore

from forestflux.core.grids.grid import Grid
from forestflux.core.input_errors import InputError
from forestflux.publish.provenance import CHECKSUMS, sha256, write_checksums
from tests.builders.year_products import make_map, publish

obstore = pytest.importorskip("obstore")
from obstore.store import from_url  # noqa: E402 - only where it is installed

from forestflux.publish.object_storage import upload, year_files  # noqa: E402

GRID = Grid(resolution_deg=15.0, tile_cells=12)
STORE = "forestflux_test_2003.zarr"
START_S = 60


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """A published year."""
    return publish(make_map(GRID), GRID, tmp_path_factory.mktemp("product"))


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Address of a server of the S3 protocol with a bucket `maps` (s3rver, from npm)."""
    program = shutil.which("s3rver")
    if program is None:
        pytest.skip("s3rver is not installed (npm install --global s3rver)")
    port, folder = free_port(), tmp_path_factory.mktemp("s3")
    words = [program, "--directory", folder, "--port", str(port)]
    words += ["--configure-bucket", "maps", "--silent"]
    process = subprocess.Popen(words)
    end = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture
def account(server, monkeypatch):
    """The environment that a user of the server sets; these keys are s3rver's own."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "S3RVER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "S3RVER")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")


def test_a_year_on_s3_opens_lazily_and_is_the_same(product, account):
    to = "s3://maps/forest/run"
    sums = upload(year_files(product), product.parent, to)
    assert list(sums)[-1] == f"2003/{CHECKSUMS}"
    address = ObjectStore(from_url(f"{to}/2003/{STORE}"), read_only=True)
    with xr.open_zarr(address, chunks={}) as there:
        assert all(there[name].chunks for name in ("gpp", "nee", "quality"))
        with xr.open_zarr(product / STORE) as here:
            xr.testing.assert_identical(there.compute(), here.compute())


def test_a_file_that_changed_replaces_the_older_copy(product, tmp_path, account):
    folder = tmp_path / "products"
    shutil.copytree(product, folder / "2003")
    to = "s3://maps/again"
    upload(year_files(folder / "2003"), folder, to)
    (folder / "2003" / "item.json").write_text("{}")
    (folder / "2003" / CHECKSUMS).unlink()
    write_checksums(folder / "2003")
    sums = upload(year_files(folder / "2003"), folder, to)
    there = bytes(obstore.get(from_url(to), "2003/item.json").bytes())
    assert there == b"{}"
    assert sums["2003/item.json"] == sha256(folder / "2003" / "item.json")


def test_a_missing_bucket_is_one_line(product, account):
    with pytest.raises(InputError, match=r"^s3://absent/run: upload.to: expected"):
        upload(year_files(product), product.parent, "s3://absent/run")


def test_a_wrong_account_is_one_line_without_its_key(product, account, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "NOBODY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-key")
    with pytest.raises(InputError, match=r"upload.to: expected") as raised:
        upload(year_files(product), product.parent, "s3://maps/run")
    assert str(raised.value).count("\n") == 0
    assert "not-the-key" not in str(raised.value)


def test_a_damaged_product_is_not_copied(product, tmp_path):
    folder = tmp_path / "products"
    shutil.copytree(product, folder / "2003")
    (folder / "2003" / "item.json").write_text("{}")
    with pytest.raises(InputError, match=r"2003: item\.json: expected SHA-256"):
        upload(year_files(folder / "2003"), folder, f"file://{tmp_path / 'copy'}")
    assert not (tmp_path / "copy").exists()


def test_a_folder_serves_as_well(product, tmp_path):
    to = f"file://{tmp_path}/share"
    sums = upload(year_files(product), product.parent, to)
    for name, checksum in sums.items():
        assert sha256(tmp_path / "share" / name) == checksum


def test_a_folder_that_takes_nothing_is_one_line(product):
    with pytest.raises(InputError, match=r"^file:///proc/share: upload.to: expected"):
        upload(year_files(product), product.parent, "file:///proc/share")
