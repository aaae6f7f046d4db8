"""Products on object storage: each file is copied, read back and compared."""

import hashlib
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url
from tqdm import tqdm

from forestflux.core.input_errors import InputError
from forestflux.publish.provenance import CHECKSUMS, sha256, verify_checksums

SHARED = ("data_dictionary.md", "model_card.md", "collection.json")


def year_files(folder: Path) -> list[Path]:
    """Files of the product of a year, the checksums last.

    Their presence in a copy means that the upload of the year is complete.

    Raises
    ------
    InputError : a file is not as the checksums have it, so that nothing is copied
    """
    verify_checksums(folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return sorted(files, key=lambda path: path.name == CHECKSUMS)


def shared_files(folder: Path) -> list[Path]:
    """Files that all years share, the collection last, because it links to the others."""
    return [folder / name for name in SHARED]


def upload(files: list[Path], root: Path, to: str) -> dict[str, str]:
    """Copy files to `{to}/{path below root}` and compare what arrived.

    Parameters
    ----------
    files : in this order
    root : folder of the products
    to : address of the copy; credentials and endpoint come from the environment

    Returns
    -------
    {path below root: SHA-256}

    Raises
    ------
    InputError : the address takes no files, or a file arrived in another form
    """
    sums = {}
    try:
        store = open_address(to)
        for file in tqdm(files, desc="upload", disable=None):
            name = file.relative_to(root).as_posix()
            obstore.put(store, name, file)
            sums[name] = sha256(file)
            if sha256_of_object(store, name) != sums[name]:
                raise InputError(
                    to,
                    variable=name,
                    expected="the file as it was sent",
                    found="another content",
                )
    except (BaseError, OSError) as error:
        line = str(error).strip().splitlines()[0]
        raise InputError(
            to,
            variable="upload.to",
            expected="an address that takes files",
            found=line,
        ) from error
    return sums


def open_address(to: str) -> ObjectStore:
    """The store of an address; a folder is made, a bucket must be there."""
    if to.startswith("file://"):
        Path(to.removeprefix("file://")).mkdir(parents=True, exist_ok=True)
    return from_url(to)


def sha256_of_object(store: ObjectStore, name: str) -> str:
    """SHA-256 of an object, read in parts."""
    checksum = hashlib.sha256()
    for part in obstore.get(store, name).stream():
        checksum.update(part)
    return checksum.hexdigest()
