"""Where a product comes from: version and commit of the code; checksums of its files."""

import hashlib
import subprocess
from pathlib import Path

from forestflux import __version__
from forestflux.core.input_errors import InputError
from forestflux.jobs.small_files import write_text

CHECKSUMS = "checksums.sha256"
# GDAL, and QGIS with it, keeps statistics in a file of this name whenever somebody opens a map.
NOTES = ".aux.xml"


def describe_code(checksum: str) -> dict[str, str | bool | None]:
    """Version, commit and checksum of the code; commit None outside a checkout.

    Parameters
    ----------
    checksum : of the script and the modules behind it

    Returns
    -------
    checksum, version, commit, and whether tracked files differ from the commit
    """
    # A checkout of something else around a copy of this code says nothing about it.
    tracked = run_git("ls-files", "--error-unmatch", Path(__file__).name)
    commit = run_git("rev-parse", "HEAD") if tracked else None
    changes = run_git("status", "--porcelain", "--untracked-files=no", ":/")
    return {
        "checksum": checksum,
        "version": __version__,
        "commit": commit,
        "modified": bool(changes) if commit else None,
    }


def describe_history(code: dict[str, str | bool | None]) -> str:
    """What a file says of how it was made, from `describe_code`."""
    return f"forestflux {code['version']}, code {code['checksum']}"


def run_git(*words: str) -> str | None:
    """Output of git in the folder of this module; None where git is missing or refuses."""
    command = ["git", "-C", str(Path(__file__).parent), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def write_checksums(folder: Path) -> None:
    """Write `checksums.sha256` for `sha256sum -c`: every file below the folder.

    Only what programs write when they open a file is left out (`NOTES`).
    """
    lines = [f"{sha256(folder / name)}  {name}\n" for name in list_files(folder)]
    write_text(folder / CHECKSUMS, "".join(lines))


def list_files(folder: Path) -> list[str]:
    """Files below a folder that have a checksum, in order, as paths below it."""
    files = (path for path in folder.rglob("*") if path.is_file())
    names = (path.relative_to(folder).as_posix() for path in files)
    return sorted(
        name for name in names if name != CHECKSUMS and not name.endswith(NOTES)
    )


def verify_checksums(folder: Path) -> None:
    """Refuse a product whose files are not those that `checksums.sha256` lists.

    Raises
    ------
    InputError : a file is missing, there is one more, or one has another content
    """
    record = folder / CHECKSUMS
    if not record.is_file():
        raise InputError(
            record, variable="file", expected="the list of checksums", found="nothing"
        )
    lines = record.read_text().splitlines()
    listed = {name: wanted for wanted, _, name in (x.partition("  ") for x in lines)}
    for name in sorted(set(list_files(folder)) ^ set(listed)):
        raise InputError(
            folder,
            variable=name,
            expected="a file of the product" if name in listed else "no such file",
            found="nothing" if name in listed else "one",
        )
    for name, wanted in listed.items():
        found = sha256(folder / name)
        if found != wanted:
            raise InputError(
                folder, variable=name, expected=f"SHA-256 {wanted}", found=found
            )


def sha256(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
