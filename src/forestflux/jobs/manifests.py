"""Manifests: small JSON files that say that something is whole, and how that is checked.

A manifest carries the checksum of its own content, its seal. An edited or damaged one is
refused, and so is JSON of another form: nothing is believed that no job has written.
"""

from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import StringConstraints

from forestflux.core.input_errors import InputError
from forestflux.core.reading.typed_input import FrozenModel
from forestflux.jobs.checksums import make_build_key
from forestflux.jobs.small_files import read_json, write_json

# The path of something below the folder of its manifest; none leads out of the folder.
Key = Annotated[str, StringConstraints(pattern=r"^\w[\w.-]*(/\w[\w.-]*)*$")]


class Manifest(FrozenModel):
    """What every manifest has.

    Attributes
    ----------
    seal : checksum of all other keys; filled in by `write_manifest`
    """

    seal: str = ""


class JobManifest(Manifest):
    """What a job wrote, the file that Snakemake knows.

    Attributes
    ----------
    stores : checksum of each store's content by its path below the manifest's folder,
        without the suffix: `r02c05/2003`
    """

    stores: dict[Key, str]


Kind = TypeVar("Kind", bound=Manifest)


def manifest_path(path: Path) -> Path:
    """The manifest beside a store or a table: `2003.zarr` has `2003.zarr.json`."""
    return path.with_name(path.name + ".json")


def write_manifest(path: Path, manifest: Kind) -> Kind:
    """Write a manifest at once, and return it with its seal."""
    content = manifest.model_dump(mode="json")
    seal = seal_of(content)
    write_json(path, content | {"seal": seal})
    return manifest.model_copy(update={"seal": seal})


def read_manifest(path: Path, kind: type[Kind]) -> Kind:
    """The manifest in a file.

    Raises
    ------
    InputError : there is no such file, it is damaged or of another form, or it was edited
        after its job wrote it
    """
    content = read_json(path)
    manifest = kind.read(content, path)
    if manifest.seal != seal_of(content):
        raise InputError(
            path,
            variable="seal",
            expected="a manifest as its job wrote it",
            found="another one; delete the manifest of the job and run again",
        )
    return manifest


def seal_of(content: dict) -> str:
    """Checksum of all that stands in a manifest but the seal itself."""
    return make_build_key({key: content[key] for key in content.keys() - {"seal"}})
