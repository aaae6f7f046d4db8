"""Walks an expression graph and checks every call against the client's own algorithm list."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources

from tests.earthengine.emulator.errors import Refused

# Earth Engine's own limit of levels inside one another; the client stops at 50 and writes a
# name instead, from which it begins anew. It counts three for a call, a list or a dictionary.
DEEPEST, LEVELS = 100, 3

# Frames of Python: a long chain of calls is a deep recursion here.
FRAMES = 20_000

NODE_KINDS = (
    "constantValue",
    "integerValue",
    "bytesValue",
    "arrayValue",
    "dictionaryValue",
    "valueReference",
    "functionDefinitionValue",
    "argumentReference",
    "functionInvocationValue",
)


@lru_cache(maxsize=1)
def algorithm_list() -> dict:
    """The algorithm list that the client's wheel carries for its own tests."""
    text = resources.files("ee").joinpath("tests/algorithms.json").read_text()
    return json.loads(text)


@lru_cache(maxsize=1)
def signatures() -> dict[str, dict[str, dict]]:
    """Arguments of each algorithm by name."""
    return {
        entry["name"].removeprefix("algorithms/"): {
            argument["argumentName"]: argument
            for argument in entry.get("arguments", [])
        }
        for entry in algorithm_list()["algorithms"]
    }


def evaluate(expression: dict, functions: Mapping[str, Callable]):
    """The value of an expression.

    Parameters
    ----------
    expression : `result` and `values` as the client serialises them
    functions : what computes each algorithm, called with its arguments by name

    Raises
    ------
    Refused : a malformed or too deep graph, an unknown node, algorithm or argument, a
        missing argument, or whatever an algorithm refuses
    """
    try:
        values, result = expression["values"], expression["result"]
    except (KeyError, TypeError) as error:
        raise Refused(f"Invalid expression: {error!r}.") from error
    sys.setrecursionlimit(max(sys.getrecursionlimit(), FRAMES))
    return Walk(values, functions).reference(result, Scope({}))


@dataclass(frozen=True)
class Scope:
    """One call of a function of the graph.

    Attributes
    ----------
    arguments : of the function and of those around it
    done : values of named nodes in this call
    """

    arguments: Mapping
    done: dict = field(default_factory=dict)


class Walk:
    """One evaluation: nodes are computed once, those in a function once for each call."""

    def __init__(self, values: Mapping, functions: Mapping[str, Callable]) -> None:
        """Remember the graph; nothing is computed yet."""
        self.values, self.functions = values, functions
        self.done = {}
        self.free = {}

    def reference(self, name: str, scope: Scope):
        """The value of a named node, whose depth counts from itself."""
        if name not in self.values:
            raise Refused(f"Invalid expression: no value {name!r}.")
        done = scope.done if self.depends(name) else self.done
        if name not in done:
            done[name] = self.node(self.values[name], scope, 0)
        return done[name]

    def depends(self, name: str) -> bool:
        """Whether a named node may depend on the argument of a function around it."""
        if name not in self.free:
            seen, waiting = {name}, [self.values[name]]
            while waiting:
                node = waiting.pop()
                if isinstance(node, list):
                    waiting += node
                    continue
                if not isinstance(node, dict) or "constantValue" in node:
                    continue
                if "argumentReference" in node:
                    break
                for key in ("valueReference", "body", "functionReference"):
                    other = node.get(key)
                    if isinstance(other, str) and other in self.values.keys() - seen:
                        seen.add(other)
                        waiting.append(self.values[other])
                waiting += node.values()
            else:
                node = None
            self.free[name] = node is not None
        return self.free[name]

    def node(self, node: dict, scope: Scope, depth: int):
        """The value of a node of any kind."""
        if depth > DEEPEST:
            raise Refused(f"Expression is nested deeper than {DEEPEST} levels.")
        if not isinstance(node, dict) or len(node) != 1:
            raise Refused(f"Invalid expression: {str(node)[:200]}.")
        (kind, content), deeper = next(iter(node.items())), depth + LEVELS
        if kind not in NODE_KINDS:
            raise Refused(f"Invalid expression: unknown kind of value '{kind}'.")
        if kind == "constantValue":
            return content
        if kind == "integerValue":
            return int(content)
        if kind == "bytesValue":
            return content
        if kind == "arrayValue":
            return [self.node(part, scope, deeper) for part in content["values"]]
        if kind == "dictionaryValue":
            parts = content["values"].items()
            return {key: self.node(part, scope, deeper) for key, part in parts}
        if kind == "valueReference":
            return self.reference(content, scope)
        if kind == "argumentReference":
            if content not in scope.arguments:
                raise Refused(f"Invalid expression: no argument {content!r}.")
            return scope.arguments[content]
        if kind == "functionDefinitionValue":
            return self.definition(content, scope)
        return self.invocation(content, scope, deeper)

    def definition(self, content: dict, scope: Scope) -> Callable:
        """A function of the graph, called with values in the order of its names."""
        names, body = content["argumentNames"], content["body"]

        def call(*values):
            if len(values) != len(names):
                message = f"Expected {len(names)} arguments, got {len(values)}."
                raise Refused(message)
            bound = {**scope.arguments, **dict(zip(names, values, strict=True))}
            return self.reference(body, Scope(bound))

        return call

    def invocation(self, content: dict, scope: Scope, depth: int):
        """The value of a call of an algorithm or of a function of the graph."""
        given = {
            name: self.node(part, scope, depth)
            for name, part in content.get("arguments", {}).items()
        }
        if "functionReference" in content:
            function = self.reference(content["functionReference"], scope)
            return function(*given.values())
        name = content.get("functionName")
        check_call(name, given)
        if name not in self.functions:
            raise Refused(f"The emulator does not compute {name}.")
        return self.functions[name](**complete(name, given))


def check_call(name: str, given: Mapping) -> None:
    """Refuse a call that the client's algorithm list does not allow."""
    if name not in signatures():
        raise Refused(f"Unknown function '{name}'.")
    known = signatures()[name]
    for argument in given:
        if argument not in known:
            raise Refused(f"{name}: Unrecognized argument '{argument}'.")
    for argument, rule in known.items():
        missing = given.get(argument) is None
        if missing and not rule.get("optional", False):
            raise Refused(
                f"{name}: Parameter '{argument}' is required and may not be null."
            )


def complete(name: str, given: Mapping) -> dict:
    """Arguments of a call with the list's defaults for those that are not given."""
    defaults = {
        argument: rule.get("defaultValue")
        for argument, rule in signatures()[name].items()
    }
    return {**defaults, **given}
