"""Files of an archive as they lie: in a zip or unpacked, never written to disk."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from forestflux.core.errors import InputError

# Text of FLUXNET packs five to ten times, fill values alone some fifty times; a bomb
# packs a thousand times.
MAX_RATIO = 200
SMALL = 10_000_000  # bytes that any member may unpack to

DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)


@dataclass(frozen=True)
class Member:
    """One file of an archive, in a zip or unpacked.

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
        """Where the file is, for a line that a user reads."""
        return f"{self.path}/{self.inside}" if self.inside else str(self.path)


def members_of(path: Path, *, max_bytes: float) -> list[Member]:
    """The files that a path holds: itself, or those of a zip, by name.

    Nothing is unpacked to disk; the names are checked all the same, because they tell an
    honest archive from one that was made to harm.

    Parameters
    ----------
    max_bytes : most bytes of one file

    Raises
    ------
    InputError : a damaged or truncated zip, a name that leaves the folder, a name twice,
        a link, a password, a file that unpacks to too much
    """
    if path.suffix.lower() != ".zip":
        refuse_size(str(path), path.stat().st_size, max_bytes)
        return [Member(path)]
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except DAMAGED as error:
        raise damaged(str(path), error) from error
    seen = set()
    for entry in entries:
        check_entry(path, entry, max_bytes=max_bytes)
        if entry.filename in seen:
            refuse(path, "each name once in a zip", f"{entry.filename!r} twice")
        seen.add(entry.filename)
    return [Member(path, name) for name in sorted(seen)]


def check_entry(path: Path, entry: zipfile.ZipInfo, *, max_bytes: float) -> None:
    """Refuse an entry of a zip that no archive of towers has; see `members_of`."""
    name = entry.orig_filename  # as stored: zipfile cleans `filename`
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
        refuse(path, "names below the zip's own folder", f"{name!r}")
    if stat.S_ISLNK(entry.external_attr >> 16):
        refuse(path, "files", f"a link, {name!r}")
    if entry.flag_bits & 0x1:
        refuse(path, "a zip without password", f"{name!r} locked by one")
    label = f"{path}/{name}"
    refuse_size(label, entry.file_size, max_bytes)
    ratio = entry.file_size / max(entry.compress_size, 1)
    if entry.file_size > SMALL and ratio > MAX_RATIO:
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


def refuse(path: Path, expected: str, found: str) -> None:
    """Raise the one-line error of a zip."""
    raise InputError(path, variable="zip", expected=expected, found=found)


def damaged(label: str, error: Exception) -> InputError:
    """The line for a zip that does not read."""
    return InputError(
        label,
        variable="zip",
        expected="a whole zip file",
        found=f"a damaged or truncated one ({error or type(error).__name__})",
    )


@contextmanager
def open_member(member: Member) -> Iterator[BinaryIO]:
    """A file's bytes as a stream.

    What a zip says of a file's size bounds what is read of it: `zipfile` gives no byte more, and
    a checksum that then fails tells of the lie.

    Raises
    ------
    InputError : the zip, or this file in it, is damaged
    """
    if not member.inside:
        with member.path.open("rb") as stream:
            yield stream
        return
    try:
        with (
            zipfile.ZipFile(member.path) as archive,
            archive.open(member.inside) as stream,
        ):
            yield stream
    except DAMAGED as error:
        raise damaged(member.label, error) from error


def read_bytes(member: Member, *, limit: int) -> bytes:
    """A small file whole.

    Raises
    ------
    InputError : it has more than `limit` bytes, or is damaged
    """
    with open_member(member) as stream:
        content = stream.read(limit + 1)
        if len(content) <= limit:
            stream.read()  # to the end, where the checksum is compared
    refuse_size(member.label, len(content), limit)
    return content


def head_of(member: Member, size: int = 1 << 18) -> bytes:
    """The first bytes of a file."""
    with open_member(member) as stream:
        return stream.read(size)
