"""Files in a zip or unpacked, read without writing anything to disk.

What `zipfile` and the decompressors behind it raise about damaged bytes is no closed list: a
dozen kinds of errors were counted. So each call of theirs stands alone, and whatever it raises
is the one line of a damaged file.
"""

import io
import stat
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from forestflux.core.input_errors import InputError

# Text of FLUXNET packs five to ten times, fill values alone some fifty times. A zip bomb
# packs a thousand times.
MAX_RATIO = 200
SMALL_BYTES = 10_000_000  # a file that unpacks to less may pack as well as it likes

# What stands in front of each file in a zip; its name follows.
LOCAL_HEADER = struct.Struct("<4s5H3L2H")
LOCAL_SIGNATURE = b"PK\x03\x04"
# What stands at its end, but for a comment; the fifth number counts the files, unless it is
# the highest one.
END_RECORD = struct.Struct("<4s4H2LH")
MANY_FILES = 0xFFFF
UTF8_NAME = 0x800  # flag of a name in UTF-8; others are in the first PC's letters


class Archive:
    """A zip whose table of contents is read once.

    Attributes
    ----------
    label : where it is, in messages
    entries : files and folders in it
    """

    def __init__(self, source: Path | IO[bytes], label: str) -> None:
        """Read and check the table of contents.

        Raises
        ------
        InputError : no zip, or one that is damaged, truncated or cannot be opened
        """
        self.label = label
        try:
            self.content = zipfile.ZipFile(source)
            self.entries = self.content.infolist()
            self.compare_headers()
        except Exception as error:
            raise damaged_zip_error(label, error) from error

    def compare_headers(self) -> None:
        """Compare the table of contents, which has no checksum, with the files' own headers.

        Raises
        ------
        BadZipFile : the zip does not begin with its first file, so that this is the table
            of another zip that lies within it; fewer files than the zip's end says; a file
            that is not where the table says
        """
        stream = self.content.fp
        if stream is None or not self.entries:
            return
        stream.seek(-END_RECORD.size - len(self.content.comment), io.SEEK_END)
        count = END_RECORD.unpack(stream.read(END_RECORD.size))[4]
        if count not in (len(self.entries) % (MANY_FILES + 1), MANY_FILES):
            raise zipfile.BadZipFile(f"{len(self.entries)} files instead of {count}")
        first = min(entry.header_offset for entry in self.entries)
        if first != 0:
            raise zipfile.BadZipFile(f"{first} bytes before its first file")
        for entry in self.entries:
            stream.seek(entry.header_offset)
            signature, *_, length, _ = LOCAL_HEADER.unpack(
                stream.read(LOCAL_HEADER.size)
            )
            encoding = "utf-8" if entry.flag_bits & UTF8_NAME else "cp437"
            name = stream.read(length).decode(encoding)
            if signature != LOCAL_SIGNATURE or name != entry.orig_filename:
                raise zipfile.BadZipFile(f"{entry.orig_filename!r} is not in its place")

    def open(self, name: str) -> "MemberStream":
        """The bytes of a file, see `MemberStream`."""
        label = f"{self.label}/{name}"
        try:
            return MemberStream(self.content.open(name), label)
        except Exception as error:
            raise damaged_zip_error(label, error) from error


class MemberStream(io.BufferedIOBase):
    """The unpacked bytes of one file in a zip.

    A zip that understates a file's size is harmless: `zipfile` reads no byte beyond that
    size, and the checksum fails there.
    """

    def __init__(self, stream: IO[bytes], label: str) -> None:
        """The stream of `zipfile`, and where the file is, in messages."""
        self.stream, self.label = stream, label

    def readable(self) -> bool:
        """True."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Some bytes, none at the end.

        Raises
        ------
        InputError : the file is damaged
        """
        try:
            return self.stream.read(-1 if size is None else size)
        except Exception as error:
            raise damaged_zip_error(self.label, error) from error

    def close(self) -> None:
        """Let go of the stream; the archive stays open."""
        self.stream.close()
        super().close()


@dataclass(frozen=True)
class PackedFile:
    """One file, in a zip or unpacked.

    Attributes
    ----------
    path : the file on disk
    inside : path within the zip; empty where the file is unpacked
    archive : the zip, opened; None where the file is unpacked
    """

    path: Path
    inside: str = ""
    archive: Archive | None = field(default=None, compare=False, repr=False)

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
    InputError : a damaged or truncated zip, a folder, a file that cannot be read, a name
        that leaves the folder, a name twice, a link, a password, a file that unpacks to too
        much
    """
    if not path.is_file():
        found = "a folder of this name" if path.is_dir() else "no such file"
        raise InputError(path, variable="file", expected="a file", found=found)
    if path.suffix.lower() != ".zip":
        refuse_size(str(path), path.stat().st_size, max_bytes)
        return [PackedFile(path)]
    archive = Archive(path, str(path))
    entries = [entry for entry in archive.entries if not entry.is_dir()]
    seen = set()
    for entry in entries:
        check_entry(path, entry, max_bytes=max_bytes)
        if entry.filename in seen:
            refuse_zip(path, "each name once in a zip", f"{entry.filename!r} twice")
        seen.add(entry.filename)
    return [PackedFile(path, name, archive) for name in sorted(seen)]


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
def open_file(file: PackedFile) -> Iterator[io.BufferedIOBase]:
    """A file's bytes as a stream.

    Raises
    ------
    InputError : the zip, or this file in it, is damaged; the file cannot be opened
    """
    if file.archive is not None:
        with file.archive.open(file.inside) as member:
            yield member
        return
    try:
        unpacked = file.path.open("rb")
    except OSError as error:
        found = f"one that cannot be ({error.strerror})"
        raise InputError(
            file.label, variable="file", expected="a file to read", found=found
        ) from error
    with unpacked:
        yield unpacked


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


def read_first_bytes(file: PackedFile, size: int) -> bytes:
    """The first bytes of a file."""
    with open_file(file) as stream:
        return stream.read(size)
