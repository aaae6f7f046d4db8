"""Sizes and operations of expressions, counted by hand."""

import json

import ee

from tests.earthengine.emulator.archives.pixel_catalogue import PixelCatalogue
from tests.earthengine.emulator.evaluation.calls_values import algorithms
from tests.earthengine.expression_costs import (
    Arithmetic,
    Size,
    measure_arithmetic,
    measure_size,
)
from tests.earthengine.online_proof import GRID


def call(name, **arguments):
    """A node that calls an algorithm."""
    return {"functionInvocationValue": {"functionName": name, "arguments": arguments}}


ONE = call("Image.constant", value={"constantValue": 1})


def test_a_chain_goes_through_names_and_the_longest_counts():
    expression = {
        "result": "2",
        "values": {
            "0": call("Image.round", value=ONE),
            "1": call("Image.add", image1={"valueReference": "0"}, image2=ONE),
            "2": call("Image.add", image1=ONE, image2={"valueReference": "1"}),
        },
    }
    # constant, round, add, add; of constants inside the calls there are three.
    size = Size(bytes=len(json.dumps(expression)), calls=6, chain=4, nesting=6)
    assert measure_size(expression) == size


def test_lists_and_functions_count_as_levels_and_are_looked_into():
    body = call("Image.round", value={"argumentReference": "a"})
    expression = {
        "result": "0",
        "values": {
            "0": call(
                "List.map",
                list={"arrayValue": {"values": [ONE, {"constantValue": 2}]}},
                baseAlgorithm={
                    "functionDefinitionValue": {"argumentNames": ["a"], "body": "1"}
                },
            ),
            "1": body,
        },
    }
    found = measure_size(expression)
    assert (found.calls, found.chain, found.nesting) == (3, 2, 9)


def test_nesting_is_what_the_client_counts(client):
    image = ee.Image(1)
    for _ in range(60):
        image = image.add(1)
    size = measure_size(ee.serializer.encode(image))
    # The client begins a node with a name where 50 levels are reached.
    assert 50 <= size.nesting < 54
    # Of the constants 1 that are added it makes one, the same as the first.
    assert (size.chain, size.calls) == (61, 61)


def test_operations_of_a_pixel_are_counted_once(client):
    left, right = ([[0.5] * n] * m for m, n in ((2, 3), (3, 4)))
    product = ee.Image(ee.Array(left)).matrixMultiply(ee.Image(ee.Array(right)))
    image = product.add(product).arrayReduce("sum", [1]).arrayGet([1, 0])
    functions = algorithms(PixelCatalogue(GRID, {}))
    found = measure_arithmetic(ee.serializer.encode(image), functions, GRID)
    # 2 x 3 x 4 products; 8 sums and 8 that are reduced; written 8, 8, 2 and 1.
    assert found == Arithmetic(24, 16, 19)
