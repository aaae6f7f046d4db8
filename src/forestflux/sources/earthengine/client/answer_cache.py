"""The cache: answers by the key of their request, so that nothing is asked for twice.

An entry is written whole or not at all and carries a checksum, so a run may be killed at
any moment. Its file is named after the key of the request alone. An entry is therefore
still found by a later run with other results, another version of the client or another
project.
"""

import hashlib
import logging
import os
import tempfile
from pathlib import Path

from numcodecs.zstd import Zstd

# A new layout of entries gets a new number; entries of the old layout are asked for again.
FORMAT = b"forestflux earthengine 1\n"
CHECKSUM_BYTES = 32

log = logging.getLogger(__name__)


class AnswerCache:
    """Answers in a folder, one file each.

    Parameters
    ----------
    folder : made when the first answer is written
    """

    def __init__(self, folder: Path) -> None:
        """Nothing is read or written yet."""
        self.folder, self.codec = folder, Zstd(level=3)

    def path(self, key: str) -> Path:
        """File of an entry."""
        return self.folder / key[:2] / key

    def has(self, key: str) -> bool:
        """Whether there is an entry; `read` finds out whether it is intact."""
        return self.path(key).is_file()

    def read(self, key: str) -> bytes | None:
        """The answer, or None where there is none; a damaged entry is deleted."""
        path = self.path(key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        head = len(FORMAT) + CHECKSUM_BYTES
        packed = content[head:]
        checksum = hashlib.sha256(packed).digest()
        if content[:head] != FORMAT + checksum:
            log.info("%s is damaged and is asked for again", path)
            path.unlink(missing_ok=True)
            return None
        return bytes(self.codec.decode(packed)) if packed else b""

    def write(self, key: str, answer: bytes) -> None:
        """Store an answer."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        packed = bytes(self.codec.encode(answer)) if answer else b""
        # Renaming is atomic: another process sees no entry or the whole one.
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=".part-", delete=False
        ) as file:
            try:
                file.write(FORMAT + hashlib.sha256(packed).digest())
                file.write(packed)
                file.close()
                os.replace(file.name, path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
