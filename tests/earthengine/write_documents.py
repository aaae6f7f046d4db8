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
    "Array",
    "Collection.filter",
    "Collection.limit",
    "Collection.map",
    "DateRange",
    "Element.setMulti",
    "Filter.dateRangeContains",
    "Image.acos",
    "Image.add",
    "Image.addBands",
    "Image.and",
    "Image.arrayCat",
    "Image.arrayGet",
    "Image.arrayReduce",
    "Image.arrayRepeat",
    "Image.arrayReshape",
    "Image.arraySlice",
    "Image.constant",
    "Image.cos",
    "Image.divide",
    "Image.eq",
    "Image.exp",
    "Image.gt",
    "Image.gte",
    "Image.load",
    "Image.lt",
    "Image.lte",
    "Image.mask",
    "Image.matrixMultiply",
    "Image.max",
    "Image.min",
    "Image.multiply",
    "Image.neq",
    "Image.or",
    "Image.pixelLonLat",
    "Image.reduceResolution",
    "Image.remap",
    "Image.rename",
    "Image.reproject",
    "Image.round",
    "Image.select",
    "Image.sin",
    "Image.sqrt",
    "Image.subtract",
    "Image.tan",
    "Image.toArray",
    "Image.toByte",
    "Image.toDouble",
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
    "Reducer.max",
    "Reducer.mean",
    "Reducer.min",
    "Reducer.sum",
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
