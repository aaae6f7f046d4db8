"""What tests cost in processor time, their jobs and other children with them.

`--costs FILE` writes a table of it, from all workers. Processor time, because elapsed time says
more of what else the machine was doing.
"""

import csv
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders.projects import PRELOADED

CHEAP_SECONDS = 1.0
COLUMNS = ("test", "cases", "seconds", "proves")


def processor_time() -> float:
    """Seconds that this process, its ended children and forks of its packages have computed."""
    return sum(os.times()[:4]) + PRELOADED.processor_time()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--costs", metavar="FILE", help="write what each test cost")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Remember when the test began."""
    item.stash[BEGUN] = processor_time()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Say in the last report what the test cost, with what was made for it."""
    report = yield
    if report.when == "teardown":
        cost = processor_time() - item.stash[BEGUN]
        proves = " ".join((item.function.__doc__ or "").split("\n\n")[0].split())
        report.user_properties.append(("cost", (cost, proves)))
    return report


class Costs:
    """Sums over the cases of each test, kept where all reports arrive."""

    def __init__(self, path: Path) -> None:
        """Start with nothing."""
        self.path = path
        self.cases: Counter[str] = Counter()
        self.seconds: Counter[str] = Counter()
        self.proves: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add one case."""
        for cost, proves in (v for k, v in report.user_properties if k == "cost"):
            name = report.nodeid.partition("[")[0]
            self.cases[name] += 1
            self.seconds[name] += cost
            self.proves[name] = proves

    def pytest_sessionfinish(self) -> None:
        """Write the table, the most expensive test first, cheap ones summed by folder."""
        table: dict[str, tuple[int, float, str]] = {}
        for name, seconds in self.seconds.most_common():
            row = (self.cases[name], seconds, self.proves[name])
            if seconds < CHEAP_SECONDS:
                name = f"{name.rpartition('/')[0]}/: others, below {CHEAP_SECONDS:g} s"
                before = table.get(name, (0, 0.0, ""))
                row = (before[0] + row[0], before[1] + row[1], "")
            table[name] = row
        with self.path.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for name, (cases, seconds, proves) in table.items():
                writer.writerow((name, cases, f"{seconds:.1f}", proves))


BEGUN = pytest.StashKey[float]()


def pytest_configure(config: pytest.Config) -> None:
    """Collect where the option is given; workers only report."""
    path = config.getoption("--costs")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Costs(Path(path)))
