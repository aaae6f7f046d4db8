"""How much of a change is evidence, in words."""

import pandas as pd
import pytest

from forestflux.evaluation.evaluation_schemas import INTERANNUAL
from forestflux.evaluation.evidence import describe_evidence


def table(**changes):
    """Three fluxes of the response by cluster, in the order of the table."""
    row = {"form": "response", "split": "cluster", "subset": "all"}
    shares = {
        "gpp": (0.155, 0.06, 0.25),
        "reco": (-0.02, -0.1, 0.06),
        "nee": (0.08, 0.02, 0.15),
    }
    rows = [
        row | {"target": flux, "r2": r2, "r2_lower": low, "r2_upper": high} | changes
        for flux, (r2, low, high) in shares.items()
    ]
    return pd.DataFrame(rows)


def test_shares_of_each_flux_are_named_as_they_are():
    words = describe_evidence(table(), members=5, simulated=False)
    assert (
        "16 % of GPP (6 to 25 %), -2 % of RECO (-10 to 6 %), 8 % of NEE (2 to 15 %)"
        in words
    )
    assert "below 0: worse than no difference" in words
    assert words.startswith("At towers never seen")
    planet = describe_evidence(table(r2=0.0), members=5, simulated=True)
    assert planet.startswith("At simulated towers never seen, the inputs explain 0 %")
    above = describe_evidence(table(r2_lower=0.1, r2=0.2), members=5, simulated=True)
    assert "below 0" not in above


def test_other_forms_splits_and_subsets_do_not_speak():
    others = [table(form="between"), table(split="site"), table(subset="igbp=ENF")]
    changed = [other.assign(r2=0.99) for other in others]
    mixed = describe_evidence(
        pd.concat([*changed, table()]), members=5, simulated=False
    )
    assert mixed == describe_evidence(table(), members=5, simulated=False)


def test_without_scored_sites_nothing_is_known():
    none = pd.DataFrame(columns=INTERANNUAL.names)
    assert "is not known" in describe_evidence(none, members=5, simulated=False)


@pytest.mark.parametrize(("members", "said"), [(1, True), (2, False), (5, False)])
def test_one_member_alone_is_said_to_have_no_spread(members, said):
    for known in (table(), pd.DataFrame(columns=INTERANNUAL.names)):
        words = describe_evidence(known, members=members, simulated=False)
        assert ("one member (train.members: 1)" in words) == said


def test_the_least_change_that_could_be_told_is_half_of_the_interval():
    pair = pd.DataFrame(
        {
            "kind": ["all", "all", "type"],
            "variable": ["gpp", "nee", "nee"],
            "change_lower": [-1.0, -4.08, 0.0],
            "change_upper": [5.0, 1.05, 0.1],
        }
    )
    words = describe_evidence(table(), members=5, simulated=False, pair=pair)
    assert "that could be told from no change: GPP 3, NEE 2.6 PgC yr-1." in words
    assert "told from no change" not in describe_evidence(
        table(), members=5, simulated=False
    )
