"""Zip files as they come from anywhere: damaged, malicious, huge."""

import io
import struct
import time
import zipfile

import pytest

from forestflux.core.input_errors import InputError
from forestflux.towers.fluxnet.packed_files import (
    PackedFile,
    list_files,
    open_file,
    read_bytes,
)
from tests.builders.fluxnet_files import write_zip

LIMIT = 1e9
TEXT = "".join(f"{i},{i * i}\n" for i in range(20_000))


def read_all(path, limit):
    for file in list_files(path, max_bytes=limit):
        length_of(file)


def length_of(file, read=None):
    """Bytes that come out of a file; also added to `read`, in case it then fails."""
    read = [] if read is None else read
    with open_file(file) as stream:
        while piece := stream.read(1 << 16):
            read.append(len(piece))
    return sum(read)


def refused(path, limit=LIMIT):
    with pytest.raises(InputError) as caught:
        read_all(path, limit)
    line = str(caught.value)
    assert "\n" not in line
    assert str(path) in line
    return line


def test_packed_files_are_read_where_they_lie(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"x/b.csv": TEXT, "a.csv": "1\n"})
    files = list_files(path, max_bytes=LIMIT)
    assert [file.name for file in files] == ["a.csv", "b.csv"]
    assert files[1].label == f"{path}/x/b.csv"
    assert read_bytes(files[1], limit=10**7).decode() == TEXT
    assert [p.name for p in tmp_path.iterdir()] == ["a.zip"]
    (tmp_path / "c.csv").write_text(TEXT)
    (plain,) = list_files(tmp_path / "c.csv", max_bytes=LIMIT)
    assert read_bytes(plain, limit=10**7).decode() == TEXT


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_zip_is_one(tmp_path, share):
    path = write_zip(tmp_path / "a.zip", {"a.csv": TEXT})
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert "expected a whole zip file, found a damaged or truncated one" in refused(
        path
    )


def test_an_empty_file_is_no_zip(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"")
    assert "expected a whole zip file" in refused(tmp_path / "a.zip")


def test_damaged_bytes_within_are_noticed(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"a.csv": TEXT})
    content = bytearray(path.read_bytes())
    for place in range(200, 260):
        content[place] ^= 0xFF
    path.write_bytes(content)
    assert "found a damaged or truncated one" in refused(path)


@pytest.mark.parametrize(
    "name", ["../a.csv", "x/../../a.csv", "/etc/a.csv", "..\\a.csv", "C:\\a.csv"]
)
def test_a_name_that_leaves_the_folder_is_refused(tmp_path, name):
    path = write_zip(tmp_path / "a.zip", {name: "1\n"})
    assert "expected names below the zip's own folder" in refused(path)


def test_a_link_is_refused(tmp_path):
    path = tmp_path / "a.zip"
    entry = zipfile.ZipInfo("a.csv")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    assert "found a link, 'a.csv'" in refused(path)


def test_a_name_twice_is_refused(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "1\n")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.csv", "2\n")
    assert "found 'a.csv' twice" in refused(path)


def test_a_locked_zip_is_refused(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"a.csv": "1\n"})
    content = path.read_bytes()
    central = content.index(b"PK\x01\x02")
    locked = bytearray(content)
    locked[central + 8] |= 1
    path.write_bytes(locked)
    assert "a zip without password" in refused(path)


def test_a_bomb_is_known_by_what_it_declares(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"a.csv": b"0" * 60_000_000})
    assert path.stat().st_size < 100_000
    assert "zip bomb?" in refused(path)


def test_a_large_file_is_refused_zipped_or_not(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"a.csv": TEXT})
    assert "fluxnet.max_file_gb" in refused(path, limit=1000)
    (tmp_path / "a.csv").write_text(TEXT)
    assert "fluxnet.max_file_gb" in refused(tmp_path / "a.csv", limit=1000)


def test_a_bomb_that_lies_about_its_size_gives_no_more_than_it_says(tmp_path):
    """The header says 1000 bytes, the stream holds 60 million."""
    path = write_zip(tmp_path / "a.zip", {"a.csv": b"0" * 60_000_000})
    content = bytearray(path.read_bytes())
    size = struct.pack("<I", 60_000_000)
    for _ in range(2):  # in the local and in the central header
        place = content.index(size)
        content[place : place + 4] = struct.pack("<I", 1000)
    path.write_bytes(content)
    (file,) = list_files(path, max_bytes=LIMIT)
    read = []
    with pytest.raises(InputError, match="damaged or truncated"):
        length_of(file, read)
    assert sum(read) <= 1000


def test_small_files_are_read_to_a_limit(tmp_path):
    (tmp_path / "a.csv").write_text(TEXT)
    with pytest.raises(InputError, match="size: expected at most"):
        read_bytes(PackedFile(tmp_path / "a.csv"), limit=100)


def test_a_zip_within_nothing_is_empty(tmp_path):
    path = tmp_path / "a.zip"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w"):
        pass
    path.write_bytes(buffer.getvalue())
    assert list_files(path, max_bytes=LIMIT) == []


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packings_are_read_and_their_damage_is_one_line(tmp_path, method):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.csv", TEXT)
    (file,) = list_files(path, max_bytes=LIMIT)
    assert read_bytes(file, limit=10**7).decode() == TEXT
    content = path.read_bytes()
    for place in (40, 60, 200, len(content) // 2):
        damaged = bytearray(content)
        damaged[place : place + 30] = bytes(30)
        path.write_bytes(damaged)
        assert f"{path}/a.csv: zip: expected a whole zip file" in refused(path)


def test_a_zip_within_a_cut_zip_is_not_read_in_its_place(tmp_path):
    inner = write_zip(tmp_path / "inner.zip", {"a.csv": "inner\n"}).read_bytes()
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("inner.zip", inner)
        archive.writestr("b.csv", TEXT)
    content = path.read_bytes()
    path.write_bytes(content[: content.index(inner) + len(inner)])
    assert "bytes before its first file" in refused(path)
    path.write_bytes(b"x" * 9 + inner)
    assert "9 bytes before its first file" in refused(path)


def test_a_folder_that_is_named_like_a_zip_is_one_line(tmp_path):
    (tmp_path / "a.zip").mkdir()
    assert "expected a file, found a folder of this name" in refused(tmp_path / "a.zip")
    assert "found no such file" in refused(tmp_path / "b.zip")
    with (
        pytest.raises(InputError, match="expected a file to read"),
        open_file(PackedFile(tmp_path / "b.csv")),
    ):
        pass


def test_a_name_that_is_no_text_is_one_line(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"ä.csv": TEXT})
    content = path.read_bytes()
    path.write_bytes(content.replace("ä".encode(), b"\xff\xff"))
    assert "expected a whole zip file" in refused(path)


def test_a_name_that_only_the_table_of_contents_has_is_one_line(tmp_path):
    """Nothing protects that table: a file with another name would simply not be read."""
    path = write_zip(tmp_path / "a.zip", {"a.csv": TEXT, "b.csv": TEXT})
    content = path.read_bytes()
    last = content.rindex(b"b.csv")
    path.write_bytes(content[:last] + b"c" + content[last + 1 :])
    assert "'c.csv' is not in its place" in refused(path)


@pytest.mark.slow
def test_a_hundred_thousand_files_are_listed_and_read_in_seconds(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(100_000):
            archive.writestr(f"{number}.csv", "1\n")
    started = time.process_time()
    files = list_files(path, max_bytes=LIMIT)
    for file in files[:2000]:
        assert read_bytes(file, limit=10) == b"1\n"
    assert len(files) == 100_000
    assert time.process_time() - started < 15
