"""An archive through the workflow: towers and fluxes, one zip anew, a faulty site."""

import shutil

import numpy as np
import pandas as pd
import pytest

from tests.builders.fluxnet_files import information, place, write_site
from tests.builders.projects import RuleGraph, copy_project, edit, planned, snakemake
from tests.builders.tower_folders import tower_predictors

OVERLAY = """
run: mine
towers: {fluxnet: data/fluxes, folder: data}
samples: {unlabelled: 50}
folds: {count: 2}
train: {members: 1}
jobs: {folds: 2, members: 1}
"""
CLASSES = ("ENF", "DBF", "EBF", "MF", "GRA")
SITES = [f"DE-{letter}aa" for letter in "ABCDE"]


def sites_of(names):
    lon = -60 + 12.0 * np.arange(len(names))
    igbp = (CLASSES * 2)[: len(names)]
    return pd.DataFrame({"site": names, "lat": 45.0, "lon": lon, "igbp": igbp})


def add_site(folder, site, **options):
    seed = int(sum(map(ord, site)))
    name = {"resolutions": ("YY",), "seed": seed, **options}
    return write_site(folder, site, (2003, 2004), **name)


def run_archive(project):
    """A project with five towers in zip files whose training table is made."""
    copy_project(project)
    for site in SITES:
        add_site(project / "data/fluxes", site)
    every = sites_of([*SITES, "DE-Zaa"])
    text = information(
        {t.site: place(t.lat, t.lon, t.igbp) for t in every.itertuples()}
    )
    (project / "data/fluxes/FLX_AA-Flx_BIF_LATEST.csv").write_text(text)
    # The series' own table of towers; places and classes come from the archive.
    sites_of(SITES).to_csv(project / "data/sites.csv", index=False)
    rng = np.random.default_rng(1)
    series = tower_predictors(sites_of(SITES), (2003, 2004), rng, 0.2)
    series.to_parquet(project / "data/predictors_8day.parquet", index=False)
    (project / "mine.yaml").write_text(OVERLAY)
    status, output = run(project)
    assert status == 0, output


@pytest.fixture(scope="session")
def finished(shared):
    """The project of towers in zip files; read only."""
    return shared.make("archive", run_archive)


@pytest.fixture
def mine(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "project", symlinks=True)


def run(project, *arguments):
    words = ("--cores", "2", "--until", "bibliography", *arguments)
    done = snakemake(project, *words, configfile="mine.yaml")
    return done.returncode, done.stdout + done.stderr


def plan(project):
    return planned(project, configfile="mine.yaml")


def table(project, name):
    return pd.read_csv(project / "results/mine" / name)


def test_an_archive_gives_towers_fluxes_and_training_table(finished):
    """A folder of FLUXNET archives runs to the training table."""
    sites = table(finished, "towers/sites.csv")
    assert sites["site"].tolist() == SITES
    assert sites["igbp"].tolist() == list(CLASSES)
    fluxes = table(finished, "towers/site_years.csv")
    assert len(fluxes) == 10
    yearly = table(finished, f"fluxnet/{SITES[0]}.csv")
    chosen = fluxes[fluxes["site"] == SITES[0]]
    np.testing.assert_array_equal(chosen["gpp"], yearly["gpp"])
    assert len(table(finished, "towers/left_out.csv")) == 0
    assert table(finished, "towers/citations.csv")["site"].tolist() == SITES
    samples = table(finished, "samples/samples.csv")
    assert samples["used"].all()
    assert samples["forest"].sum() == 8
    cited = table(finished, "samples/bibliography.csv")
    assert cited["site"].tolist() == SITES
    assert (cited["site_years"] == 2).all()
    page = (finished / "results/mine/samples/bibliography.md").read_text()
    assert all(f"- **{site}**" in page for site in SITES)


@pytest.fixture(scope="session")
def rules(finished):
    """The graph of this run's rules."""
    return RuleGraph.of(finished, configfile="mine.yaml")


def test_months_are_read_from_the_same_files(mine):
    """An archive gives months of the sites whose tables are finer than years."""
    add_site(mine / "data/fluxes", SITES[1], resolutions=("YY", "MM"))
    edit(mine, "mine.yaml", "run: mine", "run: mine\nfluxes: {months: true}")
    wanted = "results/mine/towers/site_months.csv"
    done = snakemake(mine, "--cores", "2", wanted, configfile="mine.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    months = table(mine, "towers/site_months.csv")
    assert set(months["site"]) == {SITES[1]}
    assert len(months) == 24
    without = table(mine, "towers/left_out_months.csv")
    assert sorted(without["site"]) == sorted(set(SITES) - {SITES[1]})


def test_nothing_is_left_to_do(finished, rules):
    done = {"samples", "bibliography"}
    assert set(plan(finished)) == rules.from_here_on("samples") - done


def test_one_zip_anew_reads_one_site(mine, rules):
    add_site(mine / "data/fluxes", SITES[1], resolutions=("YY", "MM"), seed=99)
    jobs = plan(mine)
    assert jobs["fluxnet"] == 1
    assert set(jobs) == rules.from_here_on("fluxnet")
    before = table(mine, "towers/site_years.csv")
    status, output = run(mine)
    assert status == 0, output
    after = table(mine, "towers/site_years.csv")
    changed = before["gpp"] != after["gpp"]
    assert set(before.loc[changed, "site"]) == {SITES[1]}


def test_one_site_more_reads_one_site(mine):
    add_site(mine / "data/fluxes", "DE-Zaa")
    assert plan(mine)["fluxnet"] == 1


def test_one_site_less_reads_none(mine):
    for path in (mine / "data/fluxes").glob(f"*{SITES[4]}*"):
        path.unlink()
    jobs = plan(mine)
    assert "fluxnet" not in jobs
    assert {"tower_sites", "tower_fluxes"} <= set(jobs)


# what is set: the rule that it makes stale itself
KEYS = {
    "partitioning: day": "fluxnet",
    "classes: {GRA: ENF}": "tower_sites",
    "skip_faulty: true": "tower_sites",
}


@pytest.mark.parametrize("key", KEYS)
def test_a_key_makes_stale_what_reads_it(mine, rules, key):
    edit(mine, "mine.yaml", "run: mine", f"run: mine\nfluxnet: {{{key}}}")
    assert set(plan(mine)) == rules.from_here_on(KEYS[key])


def test_a_faulty_site_stops_with_one_line_or_is_left_out(mine):
    path = next((mine / "data/fluxes").glob(f"*{SITES[4]}*"))
    path.write_bytes(path.read_bytes()[:200])
    status, output = run(mine)
    assert status != 0
    lines = {line for line in output.splitlines() if "expected" in line}
    assert len(lines) == 1, output
    assert f"{path.name}: {SITES[4]}: zip: expected a whole zip file" in lines.pop()
    assert "Traceback" not in output
    assert (mine / "results/mine/mask/towers/2004.zarr.json").exists()
    assert (mine / "results/mine/samples/samples.json").exists()
    edit(mine, "mine.yaml", "run: mine", "run: mine\nfluxnet: {skip_faulty: true}")
    status, output = run(mine)
    assert status == 0, output
    left = table(mine, "towers/left_out.csv")
    assert left["site"].tolist() == [SITES[4]]
    assert "expected a whole zip file" in left["reason"][0]
    assert table(mine, "towers/sites.csv")["site"].tolist() == SITES[:4]
