"""Files in a zip or unpacked, read without writing anything to disk."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from forestflux.core.errors import InputError

# Text of FLUXNET packs five to ten times, fill values alone some fifty times. A zip bomb
# packs a thousand times.
MAX_RATIO = 200
SMALL_BYTES = 10_000_000  # a file that unpacks to less may pack as well as it likes

DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)


@dataclass(frozen=True)
class PackedFile:
    """One file, in a zip or unpacked.

    Attributes
    ----------
    path : the file on disk
    inside : path within the zip; empty where the file is unpacked
    """

    path: Path
    inside: str = ""

    @property
    def name(self) -> str:
        """Name of the file without folders."""
        return PurePosixPath(self.inside).name if self.inside else self.path.name

    @property
    def label(self) -> str:
        """Where the file is, in messages."""
        return f"{self.path}/{self.inside}" if self.inside else str(self.path)


def list_files(path: Path, *, max_bytes: float) -> list[PackedFile]:
    """The files that a path holds: itself, or those of a zip, sorted by name.

    Parameters
    ----------
    max_bytes : most bytes of one file, unpacked

    Raises
    ------
    InputError : a damaged or truncated zip, a name that leaves the folder, a name twice,
        a link, a password, a file that unpacks to too much
    """
    if path.suffix.lower() != ".zip":
        refuse_size(str(path), path.stat().st_size, max_bytes)
        return [PackedFile(path)]
    try:
        with zipfile.ZipFile(path) as content:
            entries = [entry for entry in content.infolist() if not entry.is_dir()]
    except DAMAGED as error:
        raise damaged_zip_error(str(path), error) from error
    seen = set()
    for entry in entries:
        check_entry(path, entry, max_bytes=max_bytes)
        if entry.filename in seen:
            refuse_zip(path, "each name once in a zip", f"{entry.filename!r} twice")
        seen.add(entry.filename)
    return [PackedFile(path, name) for name in sorted(seen)]


def check_entry(path: Path, entry: zipfile.ZipInfo, *, max_bytes: float) -> None:
    """Refuse an entry of a zip that no zip of towers has; see `list_files`."""
    # Nothing is unpacked to disk, so a name cannot do harm. A name that tries to leave its
    # folder shows all the same that the zip was made to harm.
    name = entry.orig_filename  # as stored: zipfile cleans `filename`
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
        refuse_zip(path, "names below the zip's own folder", f"{name!r}")
    if stat.S_ISLNK(entry.external_attr >> 16):
        refuse_zip(path, "files", f"a link, {name!r}")
    if entry.flag_bits & 0x1:
        refuse_zip(path, "a zip without password", f"{name!r} locked by one")
    label = f"{path}/{name}"
    refuse_size(label, entry.file_size, max_bytes)
    ratio = entry.file_size / max(entry.compress_size, 1)
    if entry.file_size > SMALL_BYTES and ratio > MAX_RATIO:
        expected = f"a file that unpacks to at most {MAX_RATIO} times its size"
        found = f"{ratio:.0f} times (a zip bomb?)"
        raise InputError(label, variable="zip", expected=expected, found=found)


def refuse_size(label: str, size: int, max_bytes: float) -> None:
    """Refuse a file that is larger than any of a tower."""
    if size > max_bytes:
        raise InputError(
            label,
            variable="size",
            expected=f"at most {max_bytes * 1e-9:g} GB (fluxnet.max_file_gb)",
            found=f"{size * 1e-9:.3g} GB",
        )


def refuse_zip(path: Path, expected: str, found: str) -> None:
    """Raise the one-line error of a zip."""
    raise InputError(path, variable="zip", expected=expected, found=found)


def damaged_zip_error(label: str, error: Exception) -> InputError:
    """The one-line error of a zip that cannot be read."""
    return InputError(
        label,
        variable="zip",
        expected="a whole zip file",
        found=f"a damaged or truncated one ({error or type(error).__name__})",
    )


@contextmanager
def open_file(file: PackedFile) -> Iterator[IO[bytes]]:
    """A file's bytes as a stream.

    Raises
    ------
    InputError : the zip, or this file in it, is damaged
    """
    if not file.inside:
        with file.path.open("rb") as unpacked:
            yield unpacked
        return
    # A zip that understates a file's size is harmless: `zipfile` reads no byte beyond that
    # size, and the checksum fails there.
    try:
        with (
            zipfile.ZipFile(file.path) as content,
            content.open(file.inside) as stream,
        ):
            yield stream
    except DAMAGED as error:
        raise damaged_zip_error(file.label, error) from error


def read_bytes(file: PackedFile, *, limit: int) -> bytes:
    """All bytes of a small file.

    Raises
    ------
    InputError : it has more than `limit` bytes, or is damaged
    """
    with open_file(file) as stream:
        content = stream.read(limit + 1)
        if len(content) <= limit:
            stream.read()  # zipfile compares the checksum only at the end
    refuse_size(file.label, len(content), limit)
    return content


def read_first_bytes(file: PackedFile, size: int = 1 << 18) -> bytes:
    """The first bytes of a file."""
    with open_file(file) as stream:
        return stream.read(size)
