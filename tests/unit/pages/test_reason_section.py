"""What gaps cost and whether the reasons are sane, as the report says it."""

import pandas as pd
import pytest

from forestflux.pages.report.reason_section import case_label, reasons
from tests.builders.finished_results import build_results


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return build_results(tmp_path_factory.mktemp("results"), seed=2, maps=False)


def test_every_gap_case_says_what_is_lost_and_how_sure_that_is(results):
    page = reasons(results)
    table = pd.read_csv(results / "evaluate/gaps.csv")
    own = table[(table["model"] == "svr") & (table["target"] == "nee")]
    row = own[own["gap_pattern"] == "block"].iloc[1]
    (line,) = (
        part
        for part in page.split("<tr>")
        if ">SVR<" in part and ">NEE<" in part and ">2 months in a row<" in part
    )
    assert f">{row['r2_lost']:.3f}<" in line
    assert f">{row['r2']:.2f}<" in line
    assert page.count("gaps of another site-year (30% on average)") == 2 * 4
    assert ">RECO<" not in page


def test_a_failed_check_is_shown_with_what_would_pass(results):
    page = reasons(results)
    (line,) = (part for part in page.split("<tr>") if "drawn weights" in part)
    assert ">integrated gradients<" in line
    assert ">-1 to 0.5<" in line
    assert ">fail<" in line
    assert ">1 and more<" in page
    (line,) = (part for part in page.split("<tr>") if "both maps agree" in part)
    assert ">-<" in line
    assert ">not applicable<" in line


@pytest.mark.parametrize(
    ("case", "label"),
    [
        (("none", 0.0), "nothing"),
        (("random", 0.5), "50% of the values"),
        (("block", 1 / 12), "1 month"),
        (("block", 0.25), "3 months in a row"),
        (("lst_day", 1 / 6), "LST day all year"),
    ],
)
def test_cases_have_words(case, label):
    assert case_label(*case) == label
