"""What an expression costs: its size as it is sent, and the arithmetic of one pixel."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.earthengine.emulator.evaluation.grids import PixelGrid
from tests.earthengine.emulator.evaluation.images import Image
from tests.earthengine.emulator.graph import LEVELS, evaluate


@dataclass(frozen=True)
class Size:
    """How large an expression is.

    Attributes
    ----------
    bytes : of its JSON
    calls : of functions
    chain : calls of which each needs the result of the one before, the longest such row
    nesting : levels inside one another, counted as the client does
    """

    bytes: int
    calls: int
    chain: int
    nesting: int


@dataclass(frozen=True)
class Arithmetic:
    """What is computed for one pixel with arrays.

    Attributes
    ----------
    multiply_adds : of products of matrices and vectors
    element_operations : on elements of arrays, one by one
    written : elements of all arrays that are made
    """

    multiply_adds: int = 0
    element_operations: int = 0
    written: int = 0


def measure_size(expression: Mapping) -> Size:
    """Size of an expression with `result` and `values`, as the client sends it."""
    values = expression["values"]
    calls = sum(is_call(part) for node in values.values() for part in parts(node))
    chains: dict[str, int] = {}
    order = in_order(values, expression["result"])
    for name in order:
        chains[name] = longest(values[name], chains)
    nesting = max(depth(values[name]) for name in order)
    size = len(json.dumps(expression).encode())
    return Size(size, calls, chains[expression["result"]], nesting)


def is_call(node: object) -> bool:
    """Whether a node is a call."""
    return isinstance(node, Mapping) and "functionInvocationValue" in node


def inner(node: object) -> list:
    """Nodes that a node is made of, written in it."""
    if not isinstance(node, Mapping):
        return []
    kind, content = next(iter(node.items()))
    if kind == "functionInvocationValue":
        return list(content.get("arguments", {}).values())
    if kind == "arrayValue":
        return list(content["values"])
    if kind == "dictionaryValue":
        return list(content["values"].values())
    return []


def names(node: object) -> list[str]:
    """Named nodes that a node itself refers to."""
    if not isinstance(node, Mapping):
        return []
    kind, content = next(iter(node.items()))
    if kind == "valueReference":
        return [content]
    if kind == "functionDefinitionValue":
        return [content["body"]]
    if is_call(node) and "functionReference" in content:
        return [content["functionReference"]]
    return []


def parts(node: object) -> Iterator:
    """A node and all that is written in it."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += inner(part)


def in_order(values: Mapping, result: str) -> list[str]:
    """Names of nodes, each behind those that it refers to."""
    order: dict[str, None] = {}
    waiting = [(result, False)]
    while waiting:
        name, entered = waiting.pop()
        if entered:
            order[name] = None
        elif name not in order:
            waiting.append((name, True))
            needed = [n for part in parts(values[name]) for n in names(part)]
            waiting += [(other, False) for other in needed if other not in order]
    return list(order)


def longest(node: object, chains: Mapping[str, int]) -> int:
    """Calls of the longest chain that ends in a node."""
    before = [longest(part, chains) for part in inner(node)]
    before += [chains[name] for name in names(node)]
    return max(before, default=0) + is_call(node)


def depth(node: object) -> int:
    """Levels of a node."""
    below = inner(node)
    return LEVELS + max(map(depth, below)) if below else 0


def measure_arithmetic(
    expression: Mapping, functions: Mapping[str, Callable], grid: PixelGrid
) -> Arithmetic:
    """What is computed for the first pixel of a grid; nothing is computed twice.

    Parameters
    ----------
    functions : what computes each algorithm
    grid : of the pixel
    """
    image = evaluate(expression, functions)
    assert isinstance(image, Image)
    alone = grid.window(0, 0, (1, 1))
    for band in image.bands:
        band.at(alone)
    return Arithmetic(**alone.counts)
