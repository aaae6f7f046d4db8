"""Checksums of files and folders, and the build key that tells what a result is made from."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel

# Files of a user may be larger than the memory of a job.
BLOCK_BYTES = 2**22


def checksum_folder(files: Iterable[Path], root: Path) -> str:
    """Checksum of names and contents of files below a folder."""
    checksum = hashlib.blake2b(digest_size=16)
    for file in files:
        checksum.update(str(file.relative_to(root)).encode())
        checksum.update(file.read_bytes())
    return checksum.hexdigest()


def checksum_files(files: Iterable[Path]) -> str:
    """Checksum of the contents of input files, whatever they are called and wherever they lie."""
    checksum = hashlib.blake2b(digest_size=16)
    for file in files:
        with file.open("rb") as content:
            while block := content.read(BLOCK_BYTES):
                checksum.update(block)
    return checksum.hexdigest()


def checksum_text(text: str) -> str:
    """The checksum that `checksum_files` gives of a file with this text."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def make_build_key(*parts: object) -> str:
    """Checksum of anything that JSON can hold: settings, code checksums, checksums of inputs."""
    text = json.dumps(parts, sort_keys=True, default=plain_value)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def plain_value(part: object) -> object:
    """A part of a build key as JSON holds it."""
    return part.model_dump(mode="json") if isinstance(part, BaseModel) else str(part)
