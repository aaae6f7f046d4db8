"""Products on object storage: copied file by file, read back whole."""

import hashlib
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url
from tqdm import tqdm

from forestflux.core.errors import InputError
from forestflux.publish.provenance import CHECKSUMS, sha256

SHARED = ("data_dictionary.md", "model_card.md", "collection.json")


def year_files(folder: Path) -> list[Path]:
    """Files of the products of a year, the checksums last: who sees them sees the rest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return sorted(files, key=lambda path: path.name == CHECKSUMS)


def shared_files(folder: Path) -> list[Path]:
    """Files that all years share, the collection last."""
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
            if digest(store, name) != sums[name]:
                found = "another content"
                raise InputError(
                    to, variable=name, expected="the file as it was sent", found=found
                )
    except (BaseError, OSError) as error:
        line = str(error).strip().splitlines()[0]
        expected = "an address that takes files"
        raise InputError(
            to, variable="upload.to", expected=expected, found=line
        ) from error
    return sums


def open_address(to: str) -> ObjectStore:
    """The store of an address; a folder is made, a bucket must be there."""
    if to.startswith("file://"):
        Path(to.removeprefix("file://")).mkdir(parents=True, exist_ok=True)
    return from_url(to)


def digest(store: ObjectStore, name: str) -> str:
    """SHA-256 of an object, read in parts."""
    found = hashlib.sha256()
    for part in obstore.get(store, name).stream():
        found.update(part)
    return found.hexdigest()
