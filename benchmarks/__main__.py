"""The command line of all benchmarks.

python -m benchmarks                       what there is to measure
python -m benchmarks inference --runs 5    one benchmark; its record goes to benchmarks/results
python -m benchmarks inference --smallest  the same on next to nothing, printed only
"""

import argparse
import importlib
import sys
from types import ModuleType

from benchmarks.harness import Option, machine, write_record
from forestflux.jobs.freed_memory import keep_freed_memory

NAMES = (
    "applicability",
    "change",
    "earthengine",
    "explorer",
    "fine_plan",
    "fine_region",
    "fluxnet",
    "fresh_clone",
    "fuzz",
    "growth",
    "inference",
    "inference_libraries",
    "kills",
    "layout",
    "months",
    "network_variants",
    "planets",
    "planning",
    "publish",
    "resolutions",
    "roofline",
    "stage_roofline",
    "subsets",
    "training_memory",
    "trend_tests",
)


def load(name: str) -> ModuleType:
    """The module of a benchmark: `OPTIONS` and `measure(**options)`."""
    return importlib.import_module(f"benchmarks.{name}")


def overview() -> str:
    """Names of all benchmarks and what each measures."""
    width = max(map(len, NAMES))
    subjects = (load(name).__doc__.splitlines()[0] for name in NAMES)
    return "\n".join(
        f"{name:{width}}  {text}" for name, text in zip(NAMES, subjects, strict=True)
    )


def add_option(parser: argparse.ArgumentParser, name: str, option: Option) -> None:
    """A flag for an option; lists take several words."""
    several = isinstance(option.full, tuple)
    kind = type(option.full[0] if several else option.full)
    parser.add_argument(
        f"--{name.replace('_', '-')}",
        type=kind,
        nargs="+" if several else None,
        help=f"{option.meaning} ({option.full}; smallest {option.smallest})",
    )


def main(words: list[str]) -> None:
    """Run one benchmark, print its record and write it."""
    if not words or words[0] not in NAMES:
        sys.exit(overview())
    name, *rest = words
    benchmark = load(name)
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks {name}",
        description=benchmark.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--smallest", action="store_true", help="next to nothing")
    for key, option in benchmark.OPTIONS.items():
        add_option(parser, key, option)
    given = vars(parser.parse_args(rest))
    smallest = given.pop("smallest")
    settings = {
        key: (option.smallest if smallest else option.full)
        if given[key] is None
        else given[key]
        for key, option in benchmark.OPTIONS.items()
    }
    keep_freed_memory()  # as every job does
    before = machine()
    measured = benchmark.measure(**settings)
    write_record(name, settings, measured, machine=before, keep=not smallest)


if __name__ == "__main__":
    main(sys.argv[1:])
