"""Bad input through the whole workflow: one line, and what was made before stays whole."""

import shutil

import pandas as pd
import pytest

from tests.builders.projects import RuleGraph, edit, planned, snakemake


def run(project, *arguments):
    done = snakemake(project, "--cores", "1", *arguments, configfile="mine.yaml")
    return done.returncode, done.stdout + done.stderr


def test_an_overlay_of_a_name_and_a_folder_runs_to_the_scores(finished_towers):
    """A folder of towers and two lines of configuration run to scores and report."""
    results = finished_towers / "results/mine"
    scores = pd.read_csv(results / "evaluate/scores.csv")
    assert set(scores["model"]) == {"cnn", "svr"}
    assert (results / "report.html").exists()
    assert not (results / "maps").exists()


def test_towers_kept_apart_are_scored_apart_and_seen_nowhere_else(mine_finished):
    """A holdout tower is in no training and in no other split."""
    mine = mine_finished
    sites = pd.read_csv(mine / "data/sites.csv")
    held = sites.loc[sites["igbp"].isin(["ENF", "EBF", "DBF", "MF"]), "site"].iloc[0]
    edit(mine, "mine.yaml", "{folder: data}", f"{{folder: data, holdout: [{held}]}}")
    status, output = run(mine, "--until", "evaluate")
    assert status == 0, output
    predictions = pd.read_csv(mine / "results/mine/evaluate/predictions.csv")
    assert set(predictions.query("split == 'holdout'")["site"]) == {held}
    assert held not in set(predictions.query("split != 'holdout'")["site"])
    assert set(predictions.query("split == 'holdout'")["model"]) == {"cnn", "svr"}


def test_products_of_towers_alone_are_refused(mine_finished):
    status, output = run(mine_finished, "--", "products")
    assert status != 0
    line = "configuration: source: expected one that has maps, for products"
    assert f"{line} (earthengine or simulated), found files: series of towers" in output


def break_configuration(project):
    edit(project, "mine.yaml", "epochs:", "epoch:")


def key_twice(project):
    path = project / "mine.yaml"
    path.write_text(path.read_text() + "run: other\n")


def unknown_holdout(project):
    edit(project, "mine.yaml", "{folder: data}", "{folder: data, holdout: [XX-Non]}")


def more_folds_than_sites(project):
    edit(project, "mine.yaml", "count: 2", "count: 9")


def no_folder(project):
    shutil.rmtree(project / "data")


def no_column(project):
    path = project / "data/site_years.csv"
    pd.read_csv(path).drop(columns="nee").to_csv(path, index=False)


def latitude_of_95(project):
    path = project / "data/sites.csv"
    sites = pd.read_csv(path)
    sites.loc[0, "lat"] = 95.0
    sites.to_csv(path, index=False)


def truncated_predictors(project):
    path = project / "data/predictors_8day.parquet"
    path.write_bytes(path.read_bytes()[:-500])


def empty_table(project):
    path = project / "data/sites.csv"
    pd.read_csv(path).head(0).to_csv(path, index=False)


def celsius(project):
    path = project / "data/predictors_8day.parquet"
    table = pd.read_parquet(path)
    table["lst_day"] -= 273.15
    table.to_parquet(path)


# what is broken: the words of the line, in order
CASES = {
    break_configuration: ["train.epoch", "did you mean train.epochs"],
    key_twice: ["mine.yaml", "expected each key once", "found run on line"],
    unknown_holdout: ["towers.holdout", "expected", "found XX-Non"],
    more_folds_than_sites: ["expected", "9", "found"],
    no_folder: ["data: towers.folder", "expected", "no such folder"],
    no_column: ["site_years.csv", "nee", "expected", "found"],
    latitude_of_95: ["sites.csv", "lat", "expected", "95"],
    truncated_predictors: ["predictors_8day.parquet", "expected", "found"],
    empty_table: ["sites.csv", "expected", "found"],
    celsius: ["predictors_8day.parquet", "lst_day", "expected", "found"],
}


@pytest.mark.parametrize("break_it", CASES, ids=lambda case: case.__name__)
def test_bad_input_stops_with_one_line(mine_finished, break_it):
    """Each kind of bad input ends the run with one line that names file and column."""
    break_it(mine_finished)
    status, output = run(mine_finished, "--until", "samples")
    assert status != 0
    lines = [line for line in output.splitlines() if "expected" in line]
    assert len(set(lines)) == 1, output
    position = 0
    for word in CASES[break_it]:
        position = lines[0].index(word, position)
    assert "Traceback" not in output


def test_earlier_results_stay_whole_and_a_mended_input_goes_on(mine_finished):
    mine = mine_finished
    sites = (mine / "results/mine/towers/sites.csv").read_bytes()
    good = (mine / "data/site_years.csv").read_bytes()
    no_column(mine)
    status, _ = run(mine, "--until", "samples")
    assert status != 0
    assert (mine / "results/mine/towers/sites.csv").read_bytes() == sites
    assert (mine / "results/mine/mask/towers/2004.zarr.json").exists()
    (mine / "data/site_years.csv").write_bytes(good)
    status, output = run(mine, "--until", "samples")
    assert status == 0, output


def test_one_tower_row_reruns_its_labels_and_what_learns_from_them(mine_finished):
    mine = mine_finished
    path = mine / "data/site_years.csv"
    table = pd.read_csv(path)
    table.loc[0, "nee_qc"] = 0.77
    table.to_csv(path, index=False)
    rules = RuleGraph.of(mine, configfile="mine.yaml")
    jobs = planned(mine, configfile="mine.yaml")
    assert set(jobs) == rules.from_here_on("tower_fluxes")


def test_a_damaged_chunk_between_stages_is_named(mine_finished):
    results = mine_finished / "results/mine"
    for manifest in results.glob("cube/towers.*.json"):
        manifest.unlink()
    shutil.rmtree(results / "cube/towers")
    chunk = next((results / "extract/towers/2004.zarr/ndvi/c").rglob("0"))
    while chunk.is_dir():
        chunk = next(chunk.iterdir())
    content = bytearray(chunk.read_bytes())
    content[len(content) // 2] ^= 1
    chunk.write_bytes(content)
    status, output = run(mine_finished, "--until", "cube")
    assert status != 0
    assert "extract/towers/2004.zarr: ndvi: expected readable chunks" in output
