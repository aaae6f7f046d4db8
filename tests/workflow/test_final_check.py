"""A failed gate ends the run with an error, after everything else is finished."""

import json

from tests.builders.projects import edit, planned, snakemake


def test_a_run_whose_gates_hold_passes_the_final_check(finished):
    folder = finished / "results/micro/gates"
    counts = json.loads((folder / "final_check.json").read_text())["counts"]
    assert counts["fail"] == 0
    assert counts["pass"] > 20
    assert "Failed tests" not in (finished / "results/micro/report.html").read_text()


def test_impossible_bounds_are_loud_and_leave_nothing_undone(project):
    """A failed gate ends the run with an error, yet everything else is finished."""
    edit(project, "micro.yaml", "gates: {", "gates: {ranges: {gpp: [-2, -1]}, ")
    done = snakemake(project, "--cores", "2")
    assert done.returncode != 0
    for year in (2003, 2004):
        line = f"gate range {year}: share of cells with GPP outside -2 to -1"
        assert done.stderr.count(line) == 1
    assert "Traceback" not in done.stderr
    page = " ".join((project / "results/micro/report.html").read_text().split())
    assert "Failed tests of the results: 2 (range)" in page
    assert planned(project) == {"final_check": 1}
    # The same bounds, but told to go on: the report stays loud.
    edit(project, "micro.yaml", "gates: {", "gates: {fail: false, ")
    done = snakemake(project, "--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Failed tests" in (project / "results/micro/report.html").read_text()
    assert planned(project) == {}
