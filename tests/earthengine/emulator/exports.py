"""Export tasks: an expression is taken, its functions are known, and a task is named.

What the task would write is not computed: its image is that of `image:computePixels`.
"""

from collections.abc import Iterator

from tests.earthengine.emulator.errors import Refused
from tests.earthengine.emulator.graph import algorithm_list

FILES = {"driveDestination": "folder", "cloudStorageDestination": "bucket"}


def take_export(project: str, body: dict, number: int) -> dict:
    """The operation that the service answers with.

    Raises
    ------
    Refused : an unknown function, no destination, or one without a name
    """
    known = {
        entry["name"].rpartition("/")[2] for entry in algorithm_list()["algorithms"]
    }
    unknown = sorted(set(called_functions(body["expression"]["values"])) - known)
    if unknown:
        raise Refused(f"Function {unknown[0]} is not known.")
    if not named_destination(body):
        raise Refused("No destination, or one without a name.")
    name = f"projects/{project}/operations/TASK{number}"
    metadata = {"state": "PENDING", "description": body.get("description", "")}
    return {"name": name, "metadata": metadata, "done": False}


def named_destination(body: dict) -> bool:
    """Whether exactly one destination is there and has a name."""
    asset = body.get("assetExportOptions", {}).get("earthEngineDestination", {})
    files = body.get("fileExportOptions", {})
    names = [asset.get("name"), *(files.get(k, {}).get(n) for k, n in FILES.items())]
    return sum(bool(name) for name in names) == 1


def called_functions(node: object) -> Iterator[str]:
    """Names of the functions that an expression calls."""
    if isinstance(node, dict):
        call = node.get("functionInvocationValue", {})
        if "functionName" in call:
            yield call["functionName"]
        for value in node.values():
            yield from called_functions(value)
    elif isinstance(node, list):
        for value in node:
            yield from called_functions(value)
