"""The job `extract` as a process of its own: several at once, killed, and with bad input."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from forestflux.core.product_tables.product_table import ProductTable, Variable
from forestflux.jobs.tables import write_table
from tests.builders.products import with_extract
from tests.builders.projects import ROOT, environment
from tests.earthengine.emulator.archives.standin import FOUR_SITES, access
from tests.earthengine.emulator.faults import Fault
from tests.earthengine.emulator.server import Emulator

pytestmark = pytest.mark.slow  # jobs and whole runs as processes of their own

TIMEOUT_S = 300


@dataclass
class Job:
    """What the job `extract` is called with.

    Attributes
    ----------
    folder : working directory
    access : section `earthengine` of the configuration
    products : of towers, by variable
    sites : towers
    years : of the job
    """

    folder: Path
    access: dict
    products: dict
    sites: object
    years: tuple[int, ...] = (2003,)

    def manifest(self, name="towers"):
        return self.folder / name / "extract" / "towers.json"

    def start(self, name="towers", **environment_keys):
        """Start it; its results lie in a folder of this name."""
        sites = self.folder / f"{name}.csv"
        write_table(self.sites.assign(cluster=range(len(self.sites))), sites)
        settings = {
            "source": "earthengine",
            "settings": {"forest_only": False},
        }
        variables = {n: Variable(units="1", tower=p) for n, p in self.products.items()}
        table = ProductTable(variables=variables)
        words = [
            *("--places", "towers", "--years", *map(str, self.years)),
            *("--sites", str(sites), "--table", "--subsets", "--region"),
            *("--settings", json.dumps(settings), "--products", table.to_json()),
            *("--runtime", json.dumps(self.access), "--code", "1"),
            *("--manifest", str(self.manifest(name)), "--log", f"{name}.log"),
        ]
        return subprocess.Popen(
            [sys.executable, str(ROOT / "workflow/scripts/sources/extract.py"), *words],
            cwd=self.folder,
            env=environment() | environment_keys,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, name="towers", **environment_keys):
        """Start it and wait: exit status and what it says."""
        process = self.start(name, **environment_keys)
        _, errors = process.communicate(timeout=TIMEOUT_S)
        return process.returncode, errors


@pytest.fixture
def job_on(tmp_path, products):
    """What makes a job that extracts some variables at towers from a server."""

    def make(emulator: Emulator, *names, **keys):
        key = emulator.tokens.service_account(tmp_path / "key.json")
        keys = {"credentials": str(key), "in_flight": 4, "attempts": 4} | keys
        chosen = products.column("tower")
        chosen = {name: chosen[name] for name in names or chosen}
        settings = access(emulator.url, cache=str(tmp_path / "cache"), **keys)
        return Job(tmp_path, settings, chosen, FOUR_SITES)

    return make


def requests_of(job):
    """Requests that a year takes: one for each collection and tower."""
    listed = (product.extract.collections for product in job.products.values())
    return len({name for names in listed for name in names}) * len(job.sites)


def entries(job):
    """Whole answers in the cache."""
    folder = Path(job.access["cache"]) / "answers"
    return {f.name for f in folder.glob("??/*") if not f.name.startswith(".")}


def test_killed_in_mid_extraction_it_sends_only_what_was_not_finished(
    serve, formula_catalogue, job_on
):
    emulator = serve(formula_catalogue, latency_s=0.2)
    job = job_on(emulator)
    process = job.start()
    end = time.monotonic() + TIMEOUT_S
    while sum(emulator.finished().values()) < 8:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    kept, before = entries(job), emulator.finished()
    assert not job.manifest().exists()
    # What had arrived when it was killed is there, but for what was being written.
    assert len(kept) >= len(before) - job.access["in_flight"]
    emulator.clear()
    assert job.run() == (0, "")
    after = emulator.finished()
    twice = before.keys() & after.keys()
    assert len(twice) <= job.access["in_flight"]
    assert len(before) + len(after) - len(twice) == requests_of(job)
    assert kept <= entries(job)
    assert job.manifest().exists()


def test_killed_and_resumed_it_ends_as_without_the_kill(
    serve, formula_catalogue, job_on
):
    emulator = serve(formula_catalogue, latency_s=0.1)
    job = job_on(emulator, "ndvi", "evi")
    process = job.start("killed")
    while not emulator.finished():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert job.run("killed") == (0, "")
    job.access["cache"] += "-other"
    assert job.run("whole") == (0, "")
    assert job.manifest("killed").read_bytes() == job.manifest("whole").read_bytes()


def test_three_jobs_at_once_stay_below_the_configured_number(
    serve, formula_catalogue, job_on
):
    emulator = serve(formula_catalogue, latency_s=0.2)
    job = job_on(emulator)
    job.access["in_flight"] = 8
    started = []
    for number in range(3):
        # Neighbouring towers, so that no job finds what another has asked for.
        job.sites = FOUR_SITES.assign(lat=FOUR_SITES["lat"] + number)
        started.append(job.start(f"towers{number}"))
    for process in started:
        _, errors = process.communicate(timeout=TIMEOUT_S)
        assert (process.returncode, errors) == (0, "")
    assert emulator.peak == 8
    assert set(emulator.finished().values()) == {1}
    assert len(emulator.finished()) == 3 * requests_of(job)


def changed(products, **values):
    """The product of one variable with other values."""
    ((name, product),) = products.items()
    return {name: with_extract(product, **values)}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda job, emulator: job.access.update(project="meadows"),
            "expected a project that is registered for Earth Engine, found meadows",
        ),
        (
            lambda job, emulator: setattr(emulator.tokens, "revoked", True),
            "earthengine.credentials: expected credentials that can be renewed",
        ),
        (
            lambda job, emulator: job.products.update(
                changed(job.products, band="NDWI")
            ),
            "expected a band of the collection (product table), found 400",
        ),
        (
            lambda job, emulator: job.products.update(
                changed(job.products, collections=("MODIS/061/MOD99A1",))
            ),
            "expected a collection that exists and may be read, found 400",
        ),
        (
            lambda job, emulator: job.products.update(
                changed(job.products, years=(2021, None))
            ),
            "expected 2021 to the last whole year",
        ),
        (
            lambda job, emulator: job.products.update(
                changed(job.products, latitudes=(-50.0, 50.0))
            ),
            "expected latitudes from -50 to 50, which it covers, found -15.44 to 61.85",
        ),
        (
            lambda job, emulator: emulator.faults.append(Fault("forbidden")),
            "expected a project that may do this, found 403: Permission denied",
        ),
    ],
    ids=["project", "credentials", "band", "asset", "year", "latitude", "permission"],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    serve, formula_catalogue, job_on, change, expected
):
    """What the server refuses ends the job with one line and writes nothing."""
    emulator = serve(formula_catalogue)
    job = job_on(emulator, "ndvi")
    change(job, emulator)
    status, errors = job.run()
    assert status == 1
    assert len(errors.splitlines()) == 1, errors
    assert errors.startswith("extract.py: error: ")
    assert expected in errors
    assert not list((job.folder / "towers").rglob("*"))


def test_a_server_that_is_not_there_is_one_line(serve, formula_catalogue, job_on):
    job = job_on(serve(formula_catalogue), "ndvi")
    job.access["url"] = "http://127.0.0.1:9"
    status, errors = job.run()
    assert status == 1
    assert len(errors.splitlines()) == 1, errors
    assert "earthengine.url: expected a server that answers" in errors
