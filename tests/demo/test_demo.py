"""The demo end to end: one command, every stage, and the planted truth found again."""

import re
import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from forestflux.core.names import FOREST_TYPES
from forestflux.ensemble.fast.fast_inference import TOLERANCE, choose_precision
from forestflux.evaluation.evaluation_schemas import PREDICTIONS, SCORES
from tests.builders.projects import ROOT, copy_project, finish, planned

MODELS = {"cnn", "extra_trees", "svr", "gradient_boosting"}
YEARS = range(2003, 2019)
RESULTS = "results/demo"
LOGS = "logs/demo"
# How snakemake's results were made, and which of them a killed run left unfinished.
KNOWLEDGE = ("metadata", "incomplete")

# Largest errors that docs/explanation/recovery.md and README.md state, in percent.
STATED = pd.read_csv(ROOT / "docs" / "data" / "stated_errors.csv").set_index("name")


def run_demo(project):
    """A copy of the project in which the demo has run as it stands in the repository.

    Each of its jobs starts by itself, as those of a user do. What `make demo` left is taken
    along, so that only what is stale or missing runs; a clean clone has nothing and runs it all.
    """
    start = time.monotonic()
    take_finished(copy_project(project))
    words = ("--cores", "all")
    finish(project, *words, configfile="config/config.yaml", preloaded=False)
    print(f"demo: {time.monotonic() - start:.0f} s")


def take_finished(project):
    """Copy the demo's results, logs and what snakemake knows of them, unless it runs now."""
    known = ROOT / ".snakemake"
    running = known / "locks"
    if not (ROOT / RESULTS).is_dir() or any(running.glob("*")):
        return
    own = (Path(".snakemake", name) for name in KNOWLEDGE)
    for folder in (Path(RESULTS), Path(LOGS), *own):
        if (ROOT / folder).is_dir():
            shutil.copytree(ROOT / folder, project / folder, symlinks=True)


@pytest.fixture(scope="session")
def demo(shared):
    return shared.make("demo", run_demo)


@pytest.fixture(scope="module")
def results(demo):
    return demo / "results" / "demo"


def open_map(results, year):
    return xr.open_zarr(results / "maps" / f"{year}.zarr", consolidated=False)


def test_a_second_run_has_nothing_to_do(demo):
    """The demo runs to its end as it stands in the repository, and a second run does nothing."""
    assert planned(demo, configfile="config/config.yaml") == {}


def test_results_have_their_fixed_names(results):
    names = ["evaluate/predictions.csv", "evaluate/scores.csv", "report.html"]
    names += [f"maps/{year}.zarr" for year in YEARS]
    names += ["change/totals.csv", "change/pair.csv", "change/zonal.csv"]
    names += ["change/change.zarr", "samples/samples.csv", "model/model.json"]
    assert [name for name in names if not (results / name).exists()] == []


def test_every_model_is_scored_on_every_split(results):
    predictions = pd.read_csv(results / "evaluate/predictions.csv")
    scores = pd.read_csv(results / "evaluate/scores.csv")
    assert list(predictions.columns) == PREDICTIONS.names
    assert list(scores.columns) == SCORES.names
    wanted = {(m, s) for m in MODELS for s in ("site", "cluster")}
    assert set(zip(predictions["model"], predictions["split"], strict=True)) == wanted
    closed = predictions["reco_pred"] - predictions["gpp_pred"]
    np.testing.assert_allclose(predictions["nee_pred"], closed, atol=1e-3)


def test_scores_follow_from_the_predictions(results):
    predictions = pd.read_csv(results / "evaluate/predictions.csv")
    scores = pd.read_csv(results / "evaluate/scores.csv")
    good = predictions[predictions["nee_qc"] >= 0.8]
    for row in scores[scores["target"] != "reco"].itertuples():
        part = good[(good["model"] == row.model) & (good["split"] == row.split)]
        if row.subset != "all":
            kind, value = row.subset.split("=")
            years = part.groupby("site")["year"].transform("size")
            least, _, most = value.rstrip("+").partition("-")
            if kind != "years":
                part = part[part[kind] == value]
            elif value == "5+":
                part = part[years >= 5]
            else:
                part = part[years.between(int(least), int(most or least))]
        observed, predicted = part[f"{row.target}_obs"], part[f"{row.target}_pred"]
        residual = ((observed - predicted) ** 2).sum()
        total = ((observed - observed.mean()) ** 2).sum()
        assert len(part) == row.n
        assert part["site"].nunique() == row.n_sites
        if row.n > 1:
            assert row.r2 == pytest.approx(1 - residual / total, abs=1e-6)


def test_a_site_and_a_cluster_are_never_on_both_sides(results):
    samples = pd.read_csv(results / "samples/samples.csv").query("used")
    assert samples.groupby("site")["fold_site"].nunique().max() == 1
    assert samples.groupby("cluster")["fold_cluster"].nunique().max() == 1


def test_maps_close_and_have_8000_forest_cells_of_five_types(results):
    year = open_map(results, 2003)
    forest = np.isfinite(year["gpp"].values)
    assert forest.sum() >= 8000
    closed = (year["reco"] - year["gpp"]).values[forest]
    np.testing.assert_allclose(year["nee"].values[forest], closed, atol=0.1)
    types = year["forest_type"].values[forest]
    assert set(types) == set(range(1, len(FOREST_TYPES) + 1))
    assert year["y"].values[0] > year["y"].values[-1]
    assert (year["gpp"].values[forest] >= 0).all()
    assert "egative" in year["nee"].attrs["comment"]


def test_totals_follow_from_the_maps(results):
    totals = pd.read_csv(results / "change/totals.csv")
    for year in (2003, 2018):
        of_year = open_map(results, year)
        weight = of_year["cell_area"] * of_year["forest_fraction"]
        for flux in ("gpp", "nee"):
            mapped = float((of_year[flux] * weight).sum()) * 1e-15
            row = totals.query("year == @year and kind == 'all' and variable == @flux")
            assert row["total"].item() == pytest.approx(mapped, rel=1e-4)


def test_published_totals_are_those_of_the_tables(results):
    totals = pd.read_csv(results / "change/totals.csv")
    for year in (2003, 2018):
        path = results / f"products/{year}/forestflux_demo_{year}.nc"
        with xr.open_dataset(path) as product:
            assert "simulated planet, not the Earth" in product.attrs["title"]
            weight = product["forest_fraction"] * product["cell_area"]
            for flux in ("gpp", "nee"):
                published = float((product[flux] * weight).sum()) * 1e-15
                row = totals.query(
                    "year == @year and kind == 'all' and variable == @flux"
                )
                assert row["total"].item() == pytest.approx(published, rel=1e-4)


def test_intervals_hold_worse_outside_the_area_of_applicability(results):
    recovery = pd.read_csv(results / "recovery/recovery.csv").set_index("quantity")
    for flux in ("gpp", "nee"):
        shares = recovery.loc[
            [f"{flux}_share_within_interval_{side}" for side in ("inside", "outside")],
            "mapped",
        ]
        assert shares.iloc[0] > shares.iloc[1] + 0.02


@pytest.mark.parametrize("name", STATED.index)
def test_the_planted_truth_is_recovered_within_the_stated_error(results, name):
    stated = STATED.loc[name]
    recovery = pd.read_csv(results / "recovery/recovery.csv").set_index("quantity")
    assert abs(recovery.loc[stated["quantity"], "error_percent"]) <= stated["percent"]


@pytest.mark.parametrize("name", STATED.index)
def test_the_pages_state_that_error(name):
    page = (ROOT / "docs" / "explanation" / "recovery.md").read_text()
    assert f"| {name} | {STATED.loc[name, 'percent']} % |" in page


def test_intervals_cover_the_truth_of_cells(results):
    recovery = pd.read_csv(results / "recovery/recovery.csv").set_index("quantity")
    for flux in ("gpp", "nee"):
        assert recovery.loc[f"{flux}_share_within_interval", "mapped"] >= 0.8


def test_gates_pass_and_intervals_hold_the_truth(results):
    gates = pd.read_csv(results / "gates/gates.csv")
    assert (results / "gates/final_check.json").exists()
    assert not (gates["status"] == "fail").any()
    assert not (gates["status"] == "known bias").any()
    held = gates[gates["gate"] == "coverage"]
    assert (held["status"] == "pass").all()
    assert len(held) == 9  # total, change and slope of three fluxes


def test_the_interval_of_the_change_of_all_forest_holds_the_true_one(results):
    coverage = pd.read_csv(results / "recovery/coverage.csv")
    whole = coverage.query("quantity == 'change' and kind == 'all'")
    assert set(whole["variable"]) == {"gpp", "reco", "nee"}
    assert (whole["covered"] == 1).all()


def test_the_parts_of_the_change_sum_to_it(results):
    drivers = pd.read_csv(results / "drivers/drivers.csv")
    pair = pd.read_csv(results / "change/pair.csv").query("kind == 'all'")
    for flux in ("gpp", "nee"):
        effect = drivers.query("kind == 'all' and flux == @flux")
        effect = effect.set_index("driver")["effect"]
        assert effect.drop("change").sum() == pytest.approx(effect["change"], abs=1e-7)
        # All cells are forest in both years here.
        change = pair.loc[pair["variable"] == flux, "change"].item()
        assert effect["change"] == pytest.approx(change, rel=1e-4)


def test_greening_and_disturbance_are_found_in_the_vegetation_indices(results):
    drivers = xr.open_zarr(results / "drivers/drivers.zarr", consolidated=False)
    before, after = (
        xr.open_zarr(results / f"truth/{year}.zarr", consolidated=False)["disturbed"]
        for year in (2003, 2018)
    )
    forest = np.isfinite(drivers["gpp_effect"].values[0])
    struck = ((after > 0) & (before == 0)).values & forest
    assert struck.sum() > 50
    for flux, sign in (("gpp", 1), ("nee", -1)):
        of_canopy = drivers[f"{flux}_effect"].sel(driver=["ndvi", "evi"]).sum("driver")
        canopy = sign * of_canopy.values
        assert canopy[struck].mean() < -100
        assert canopy[forest & ~struck].mean() > 10
    table = pd.read_csv(results / "drivers/drivers.csv")
    share = table.query("kind == 'all' and flux == 'gpp'").set_index("driver")["share"]
    assert share["ndvi"] + share["evi"] > 0.4


def test_the_truth_is_an_input_of_nothing_but_recovery():
    users = [
        file.name
        for file in (ROOT / "workflow" / "rules").rglob("*.smk")
        if re.search(r"yearly\(\"truth|<results>/truth", file.read_text())
    ]
    wanted = {"truth.smk", "recovery.smk", "month_recovery.smk", "targets.smk"}
    assert set(users) == wanted


def test_logs_hold_no_progress_bars(demo):
    logs = [file.read_text() for file in (demo / "logs").rglob("*.log")]
    assert len(logs) > 40
    assert not [text for text in logs if "\r" in text or "it/s" in text]


def test_the_report_needs_no_network_and_says_what_is_optimistic(results):
    page = (results / "report.html").read_text()
    assert not re.findall(
        r"(?:<img|<script|<link)[^>]*(?:src|href)=[\"']https?://", page
    )
    assert not re.findall(r"url\(\s*[\"']?https?://", page)
    assert "optimistic" in page
    assert "simulated planet" in page


def test_the_model_folder_predicts_alone(results):
    import forestflux

    model = forestflux.load_model(results / "model")
    masked = xr.open_zarr(results / "mask/r00c03/2003.zarr", consolidated=False).load()
    inferred = xr.open_zarr(results / "infer/r00c03/2003.zarr", consolidated=False)
    mapped = inferred["gpp"].mean("member").values
    there = np.isfinite(mapped)
    fast = model.accelerate(device="cpu", precision="auto").predict(masked)
    np.testing.assert_allclose(fast["gpp"].values[there], mapped[there], rtol=1e-6)
    # The reference, in float32, is as far away as the engine may be.
    off = (model.predict(masked)["gpp"].values - mapped)[there]
    off /= model.members[0].flux_scale.sd[0]
    most, usual = TOLERANCE[choose_precision("auto", "cpu")]
    assert np.abs(off).max() < most
    assert np.sqrt((off**2).mean()) < usual
