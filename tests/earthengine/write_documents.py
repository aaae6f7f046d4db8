"""The two documents that the offline client starts from, cut out of the client's package.

`python -m tests.earthengine.write_documents` writes them anew. An expression that calls a
function for the first time needs its name in `FUNCTIONS`; otherwise the offline client
raises an AttributeError.
"""

import json
from importlib.resources import files
from pathlib import Path

from forestflux.sources.earthengine.client import offline_client

FOLDER = Path(offline_client.__file__).with_name(*offline_client.ASSETS)

# Functions that the expressions call, and those that the client looks up to build them.
FUNCTIONS = (
    "AggregateFeatureCollection.array",
    "Collection.filter",
    "Collection.limit",
    "Collection.map",
    "DateRange",
    "Filter.dateRangeContains",
    "Image.add",
    "Image.addBands",
    "Image.constant",
    "Image.eq",
    "Image.gt",
    "Image.load",
    "Image.lt",
    "Image.multiply",
    "Image.or",
    "Image.reduceResolution",
    "Image.remap",
    "Image.reproject",
    "Image.round",
    "Image.select",
    "Image.toFloat",
    "Image.toInt16",
    "Image.toInt8",
    "Image.toUint16",
    "Image.toUint8",
    "Image.unmask",
    "Image.updateMask",
    "ImageCollection.fromImages",
    "ImageCollection.load",
    "ImageCollection.toBands",
    "Projection",
    "Reducer.mean",
    "reduce.count",
    "reduce.sum",
)

# `list` is called at the start. The other two let a request that is sent by mistake end in
# our message instead of an AttributeError.
METHODS = (("algorithms", "list"), ("value", "compute"), ("image", "computePixels"))


def read_package_file(name: str) -> dict:
    """A document of the client's package, which has the API's version in another spelling."""
    text = files("ee").joinpath("tests", name).read_text()
    return json.loads(text.replace("v1alpha", "v1"))


def drop_descriptions(node: object) -> object:
    """The same JSON without texts that only people read."""
    if isinstance(node, dict):
        return {k: drop_descriptions(v) for k, v in node.items() if k != "description"}
    return (
        [drop_descriptions(part) for part in node] if isinstance(node, list) else node
    )


def make_documents() -> dict[str, object]:
    """The documents by file name."""
    listed = read_package_file("algorithms.json")["algorithms"]
    by_name = {entry["name"].removeprefix("algorithms/"): entry for entry in listed}
    api = read_package_file("cloud_api_discovery_document.json")
    resources: dict[str, dict] = {}
    for resource, method in METHODS:
        methods = api["resources"]["projects"]["resources"][resource]["methods"]
        resources[resource] = {"methods": {method: methods[method]}}
    keys = ("kind", "name", "version", "rootUrl", "servicePath", "batchPath")
    discovery = {key: api[key] for key in keys}
    discovery |= {"parameters": api["parameters"], "schemas": api["schemas"]}
    discovery["resources"] = {"projects": {"resources": resources}}
    return {
        "algorithms.json": drop_descriptions(
            {"algorithms": [by_name[name] for name in FUNCTIONS]}
        ),
        "discovery.json": drop_descriptions(discovery),
    }


if __name__ == "__main__":
    for name, document in make_documents().items():
        (FOLDER / name).write_text(json.dumps(document, indent=1) + "\n")
