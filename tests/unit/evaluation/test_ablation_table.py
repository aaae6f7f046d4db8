from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forestflux.core.input_errors import InputError
from forestflux.evaluation.ablation_table import (
    VARIANT_PREDICTIONS,
    run_variant,
    tabulate_ablation,
)
from forestflux.jobs.settings.training_settings import BaselineSettings, merge
from forestflux.prepare.sample_table import Samples, no_series
from tests.builders.inputs import VARIABLES
from tests.builders.small_training import make_samples, settings

ASKED = {
    "train": settings(),
    "baseline": BaselineSettings(candidates=1, inner_folds=2),
    "variants": {"time_filters_only": {"filters": ["time"]}},
    "members": 1,
    "folds": 3,
    "seed": 5,
}


@pytest.fixture(scope="module")
def samples() -> Samples:
    made = make_samples(90)
    table = made.table.assign(
        cluster=pd.factorize(made.table["site"])[0] // 2,
        holdout=False,
        used=True,
        reason="",
    )
    table["nee"] = table["reco"] - table["gpp"]
    return Samples(made.series, table, made.variables)


def run(samples: Samples, variant: str, split: str, repeat: int) -> pd.DataFrame:
    return run_variant(
        samples,
        no_series(len(VARIABLES)),
        variant=variant,
        split=split,
        repeat=repeat,
        **ASKED,
    )


@pytest.mark.slow
def test_table_pairs_variants_with_the_full_network(samples: Samples) -> None:
    parts = [
        run(samples, variant, split, repeat)
        for variant in ("full", "time_filters_only", "svr")
        for split in ("site", "cluster")
        for repeat in (0, 1)
    ]
    for part in parts:
        assert set(part) == set(VARIANT_PREDICTIONS.names)
        VARIANT_PREDICTIONS.check(part, Path("part"))
    table = tabulate_ablation(parts, samples.table, min_quality=0.0)
    assert len(table) == 3 * 2 * 3
    assert (table["repeats"] == 2).all()
    full = table[table["variant"] == "full"]
    assert (full["r2_minus_full"] == 0).all()
    other = table[table["variant"] == "time_filters_only"]
    assert (other["r2_minus_full"] != 0).all()
    assert np.allclose(
        other["r2_minus_full"].to_numpy(),
        other["r2"].to_numpy() - full["r2"].to_numpy(),
    )
    by_site = table["split"] == "site"
    assert table.loc[by_site, "r2_lost_half_hidden"].notna().all()
    count = table.groupby("variant")["parameters"].first()
    assert count["svr"] == 0 < count["time_filters_only"] < count["full"]
    assert (table["seconds"] > 0).all()


def test_repeats_have_other_folds_the_same_for_all(samples: Samples) -> None:
    first, again = (run(samples, "svr", "site", 0) for _ in range(2))
    assert first.drop(columns="seconds").equals(again.drop(columns="seconds"))
    other = run(samples, "svr", "site", 1)
    folds = [part.groupby("site")["fold"].first() for part in (first, other)]
    assert not folds[0].equals(folds[1])


def test_unknown_variant_is_refused(samples: Samples) -> None:
    with pytest.raises(InputError, match=r"ablation\.variants: .*time_filters_only"):
        run(samples, "no_such", "site", 0)


def test_changes_are_put_in_section_by_section() -> None:
    before = {"steps": {"a": True, "b": True}, "kernel": 5}
    assert merge(before, {"steps": {"a": False}}) == {
        "steps": {"a": False, "b": True},
        "kernel": 5,
    }
    assert before["steps"]["a"]
