"""Where a product comes from: code, configuration, data; and checksums of its files."""

import hashlib
import subprocess
import tomllib
from pathlib import Path

from forestflux.jobs.store import write_text

CHECKSUMS = "checksums.sha256"
CHUNK = 1 << 20


def code_version(digest: str) -> dict:
    """Version, commit and digest of the code; what is not known is None.

    Parameters
    ----------
    digest : of the script and the modules behind it

    Returns
    -------
    digest, version (of `pyproject.toml`), commit, and whether files differ from it
    """
    folder = Path(__file__).parent
    project = Path(__file__).parents[3] / "pyproject.toml"
    version = None
    if project.is_file():
        version = tomllib.loads(project.read_text())["project"]["version"]
    # A checkout of something else around a copy of this code says nothing about it.
    tracked = git(folder, "ls-files", "--error-unmatch", Path(__file__).name)
    commit = git(folder, "rev-parse", "HEAD") if tracked else None
    changes = git(folder, "status", "--porcelain", "--untracked-files=no", ":/")
    return {
        "digest": digest,
        "version": version,
        "commit": commit,
        "modified": bool(changes) if commit else None,
    }


def git(folder: Path, *words: str) -> str | None:
    """What git says, None where there is no git or it refuses."""
    try:
        done = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def write_checksums(folder: Path) -> None:
    """Write `checksums.sha256` for `sha256sum -c`: every file below the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{sha256(path)}  {path.relative_to(folder)}\n" for path in files]
    write_text(folder / CHECKSUMS, "".join(lines))


def sha256(path: Path) -> str:
    """SHA-256 of a file, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()
