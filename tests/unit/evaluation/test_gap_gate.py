"""The gate of intervals where inputs are missing."""

import pandas as pd

from forestflux.evaluation.gates.gate_rows import gate_gaps
from forestflux.jobs.settings.gate_settings import GateSettings


def make_calibration(*, nee: float, sites: int = 80) -> pd.DataFrame:
    """Coverage by fifths; that of NEE falls in the last one."""
    rows = [
        (target, f"gap_fifth={number}", 0.9 if target == "gpp" or number < 5 else nee)
        for target in ("gpp", "nee")
        for number in range(1, 6)
    ]
    rows.append(("nee", "all", 0.1))
    table = pd.DataFrame(rows, columns=["target", "subset", "covered_site_mean"])
    return table.assign(n_sites=sites)


def test_the_worst_fifth_decides():
    rows = gate_gaps(make_calibration(nee=0.6), GateSettings())
    assert [row["status"] for row in rows] == ["pass", "fail"]
    assert rows[1]["found"] == 0.6
    rows = gate_gaps(make_calibration(nee=0.8), GateSettings())
    assert [row["status"] for row in rows] == ["pass", "pass"]


def test_few_towers_are_not_judged():
    rows = gate_gaps(make_calibration(nee=0.1, sites=20), GateSettings())
    assert {row["status"] for row in rows} == {"not applicable"}
    assert "20 towers" in rows[0]["reference"]
