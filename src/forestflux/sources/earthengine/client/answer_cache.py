"""The cache: answers by what was asked, so that nothing finished is ever asked again.

An entry is written whole or not at all and carries a checksum, so a run may be killed at
any moment. Its name is the key of the request alone: it outlives results, runs, versions of
the client and the project that paid for it.
"""

import hashlib
import logging
import os
import tempfile
from pathlib import Path

from numcodecs.zstd import Zstd

# Another layout of entries gets another number: old entries are then asked for anew.
FORMAT = b"forestflux earthengine 1\n"
DIGEST_BYTES = 32

log = logging.getLogger(__name__)


class Cache:
    """Answers in a folder, one file each.

    Parameters
    ----------
    folder : made when the first answer is written
    """

    def __init__(self, folder: Path) -> None:
        """Keep the folder; nothing is read or written yet."""
        self.folder, self.codec = folder, Zstd(level=3)

    def path(self, key: str) -> Path:
        """File of an entry."""
        return self.folder / key[:2] / key

    def has(self, key: str) -> bool:
        """Whether there is an entry; whether it is whole shows when it is read."""
        return self.path(key).is_file()

    def read(self, key: str) -> bytes | None:
        """The answer; None where there is none. A damaged one is put away and counts as none."""
        path = self.path(key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        head = len(FORMAT) + DIGEST_BYTES
        packed = content[head:]
        digest = hashlib.sha256(packed).digest()
        if content[:head] != FORMAT + digest:
            log.info("%s is damaged and is asked for again", path)
            path.unlink(missing_ok=True)
            return None
        return bytes(self.codec.decode(packed)) if packed else b""

    def write(self, key: str, answer: bytes) -> int:
        """Keep an answer at once; readers see none or the whole. Returns its bytes on disk."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        packed = bytes(self.codec.encode(answer)) if answer else b""
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
        return len(packed)
