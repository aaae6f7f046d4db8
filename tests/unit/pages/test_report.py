"""The report: one page that loads nothing, says its limits, agrees with the tables."""

import shutil
from html.parser import HTMLParser

import pandas as pd
import pytest
from matplotlib.figure import Figure

from forestflux.core.input_errors import InputError
from forestflux.core.interval_text import set_units, write_interval
from forestflux.evaluation.compare.comparison_schemas import COMPARISON
from forestflux.jobs.configuration import Configuration
from forestflux.jobs.settings.map_settings import PublishSettings, UploadSettings
from forestflux.jobs.settings.tower_settings import TowerSettings
from forestflux.jobs.tables import write_table
from forestflux.pages.figures.figure_registry import FIGURES, needs
from forestflux.pages.number_text import format_interval
from forestflux.pages.report.report_page import write_report
from forestflux.pages.report.run_tables import timing_table, types_without_towers
from forestflux.prepare.handover_table import HANDOVERS
from forestflux.towers.tower_schemas import LEFT_OUT

TABLES = "headline samples/samples towers/left_out explain/sanity evaluate/scores"
TABLES += " evaluate/interannual evaluate/calibration evaluate/gaps"
MAP_TABLES = "gates/gates change/totals change/pair recovery/recovery"
MAP_TABLES += " recovery/coverage"
MAP_TABLES += " change/regions change/region_changes months/region_months"
# What lies beside the report in the folder of the run.
BESIDE = ("explorer.html", "products/", "change/", "headline.csv")
BESIDE += ("evaluate/predictions.csv",)
VOID = {"meta", "img", "br", "link", "input"}


class Page(HTMLParser):
    """Tags with their attributes, the text, and tags that were never closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words, self.rows = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append((dict(attrs).get("class"), []))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        if self.open and self.open[-1] == "td":
            self.rows[-1][1].append(data)

    def named(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def make_configuration(*, towers_only):
    configuration = Configuration(
        run="a",
        seed=3,
        years=(2003, 2018),
        towers=TowerSettings(folder="mine" if towers_only else None),
    )
    # A name that the configuration refuses: the page must escape it all the same.
    return configuration.model_copy(update={"run": "a<b"})


def build_page(results, *, figures, towers_only=False, tables="", **changes):
    """The text of the page from just these tables and figures."""
    names = f"{TABLES} {'' if towers_only else MAP_TABLES} {tables}".split()
    configuration = make_configuration(towers_only=towers_only)
    return write_report(
        {name.split("/")[-1]: results / f"{name}.csv" for name in names},
        {name: results / f"figures/{name}.png" for name in figures},
        benchmarks=results / "benchmarks",
        configuration=configuration.model_copy(update=changes),
    )


def add_pictures(results, names):
    for name in names:
        (results / "figures").mkdir(exist_ok=True)
        Figure(figsize=(0.1, 0.1)).savefig(results / f"figures/{name}.png")


def test_a_run_of_one_year_has_maps_and_no_change(results):
    names = f"{TABLES} gates/gates".split()
    configuration = make_configuration(towers_only=False)
    text = write_report(
        {name.split("/")[-1]: results / f"{name}.csv" for name in names},
        {
            name: results / f"figures/{name}.png"
            for name in ("level_map", "uncertainty")
        },
        benchmarks=results / "benchmarks",
        configuration=configuration.model_copy(update={"years": (2018, 2018)}),
    )
    page = Page(text)
    assert "maps 2018" in page.text
    assert "What changed" not in page.text
    parts = {attrs.get("id") for attrs in page.named("details")}
    assert {"maps", "gates"} <= parts
    assert not {"change", "recovery"} & parts


def tower_figures():
    apart = ("maps/", "change/", "recovery/", "gates/", "drivers/", "compare/")
    return [
        n for n, files in needs().items() if not any(f.startswith(apart) for f in files)
    ]


@pytest.fixture(scope="module")
def results(share_results, tmp_path_factory):
    path = tmp_path_factory.mktemp("full") / "results"
    shutil.copytree(share_results(maps=True), path)
    add_pictures(path, FIGURES)
    return path


@pytest.fixture(scope="module")
def page(results):
    tables = "drivers/drivers compare/comparison"
    return Page(build_page(results, figures=FIGURES, tables=tables))


@pytest.fixture(scope="module")
def towers(share_results, tmp_path_factory):
    path = tmp_path_factory.mktemp("towers") / "results"
    shutil.copytree(share_results(maps=False), path)
    add_pictures(path, tower_figures())
    return path


def test_page_is_whole_and_loads_nothing(page):
    assert page.open == []
    for _, attrs in page.tags:
        for name in ("src", "href", "action", "srcset", "poster"):
            inside = ("#", "data:image/png;base64,", *BESIDE)
            link = attrs.get(name, "#")
            # A link to the paper is followed by readers alone.
            assert link.startswith(inside) or link.startswith("https://doi.org/")
    assert all("src" not in attrs for attrs in page.named("script"))
    policy = next(a for a in page.named("meta") if "http-equiv" in a)["content"]
    assert policy.startswith("default-src 'none';")
    assert not page.named("link")
    style = page.text
    assert "@import" not in style
    assert "url(" not in style


def test_every_figure_is_there_with_alternative_text_and_caption(page):
    images = page.named("img")
    assert len(images) == len(FIGURES)
    assert all(len(image["alt"]) > 30 for image in images)
    assert len(page.named("figcaption")) == len(FIGURES)


def test_links_of_the_page_lead_to_its_sections(page):
    identifiers = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(identifiers) == len(set(identifiers))
    links = [attrs["href"] for attrs in page.named("a")]
    inside = [link.removeprefix("#") for link in links if link.startswith("#")]
    assert len(inside) == 16 + len(FIGURES)
    assert set(inside) <= set(identifiers)
    # A page that is sent alone opens each figure from itself.
    figures = [link for link in inside if link.startswith("figure-")]
    assert len(figures) == len(FIGURES)


def test_the_first_screen_answers_and_all_else_is_folded(page, results):
    first = page.text.index("In short.")
    for words in (
        *("What not to conclude.", "How much.", "How sure."),
        *("What changed.", "evidence."),
    ):
        assert page.text.index(words) > first
        first = page.text.index(words)
    images = [attrs["alt"] for attrs in page.named("img")]
    assert images[0].startswith("World map of forest NEE in 2018")
    assert "change of forest NEE" in images[1]
    assert "points of the truth" in images[2]
    sections = [a for a in page.named("details") if a.get("class") == "section"]
    assert len(sections) == 15
    assert not any("open" in attrs for attrs in sections)
    for words in ("How to cite", "Get the data", "A country or another region"):
        assert words in page.text
    row = pd.read_csv(results / "change/regions.csv").query(
        "kind == 'all' and variable == 'gpp' and year == 2018"
    )
    ends = row[["total", "total_lower", "total_upper"]].iloc[0]
    assert set_units(f"GPP {write_interval(*ends)}") in page.text


def test_page_reads_on_a_phone_in_light_and_dark(page, results):
    names = [attrs.get("name") for attrs in page.named("meta")]
    assert "viewport" in names
    assert "color-scheme" in names
    assert page.named("html")[0]["lang"] == "en"
    assert "prefers-color-scheme: dark" in page.text


def test_headline_numbers_are_those_of_the_tables(page, results):
    totals = pd.read_csv(results / "change/totals.csv")
    for year in (2003, 2018):
        for flux in ("gpp", "nee"):
            key = f"year == {year} and stratum == 'all' and variable == '{flux}'"
            row = totals.query(key).iloc[0]
            bounds = f"[{row['total_lower']:.2f}, {row['total_upper']:.2f}]"
            value = f"{row['total']:.2f} PgC yr-1 {bounds}"
            assert f"{flux.upper()} {year}, all forests {value}" in page.text
    change = pd.read_csv(results / "change/pair.csv")
    row = change.query("stratum == 'all' and variable == 'nee'").iloc[0]
    assert f"Change of NEE, 2003-2018 {row['change']:+.2f} PgC yr-1" in page.text
    scores = pd.read_csv(results / "evaluate/scores.csv")
    key = "model == 'cnn' and split == 'site' and subset == 'all' and target == 'gpp'"
    row = scores.query(key).iloc[0]
    assert f"R2 of GPP at unseen sites {row['r2']:.2f}" in page.text


def test_best_model_of_each_split_has_the_highest_r2(page, results):
    scores = pd.read_csv(results / "evaluate/scores.csv").query("subset == 'all'")
    names = {"cnn": "CNN (this work)", "svr": "SVR"}
    for split, label in (("site", "by site"), ("cluster", "by 100 km cluster")):
        rows = scores.query(f"target == 'nee' and split == '{split}'")
        best = rows.sort_values("r2").iloc[-1]
        model = names.get(best["model"], best["model"].replace("_", " "))
        assert f"NEE {label} {model} {best['r2']:.2f}" in page.text


def test_limits_are_said(page):
    for words in (
        "Simulated planet: not the real Earth",
        "Negative NEE is uptake by the forest",
        "CO2 is not among the inputs",
        "too strong a sink",
        "Two single years differ mostly by weather",
        "random (optimistic)",
    ):
        assert words in page.text


def test_what_a_publisher_has_not_chosen_is_said(page, results, towers):
    choices = PublishSettings().to_choose()
    assert all(words in page.text for words in ("Before you share", *choices))
    chosen = PublishSettings(license="CC-BY-4.0", institution="us")
    page = Page(build_page(results, figures=FIGURES, publish=chosen))
    assert "Before you share" not in page.text
    # Without maps there are no products to share.
    assert "Before you share" not in build_page(
        towers, figures=tower_figures(), towers_only=True
    )


def test_rows_of_the_random_split_are_set_apart(page):
    rows = [(kind, cells) for kind, cells in page.rows if cells]
    assert any(kind == "optimistic" for kind, _ in rows)
    for kind, cells in rows:
        assert (kind == "optimistic") == ("random (optimistic)" in cells)


def test_run_of_towers_alone_has_no_maps_and_no_banner(towers):
    page = Page(build_page(towers, figures=tower_figures(), towers_only=True))
    assert "Simulated planet" not in page.text
    headings = {attrs.get("id") for attrs in page.named("details")}
    assert headings.isdisjoint({"maps", "change", "recovery"})
    assert {"summary", "scores", "coverage", "gaps", "samples", "run"} <= headings


def test_no_credential_is_shown(results):
    # The configuration refuses it: the page must hide it all the same.
    upload = UploadSettings.model_construct(to="s3://key:secret@bucket/a")
    page = build_page(results, figures=[], upload=upload)
    assert "secret" not in page
    assert "s3://***@bucket/a" in page


def test_names_of_the_user_are_text_not_markup(page):
    assert "run a<b" in page.text


def test_missing_figure_is_one_line(towers):
    with pytest.raises(InputError, match=r"maps\.png: file: expected a drawn figure"):
        build_page(towers, figures=["maps"], towers_only=True)


def test_dropped_site_years_are_counted_with_their_reason(page, results):
    samples = pd.read_csv(results / "samples/samples.csv")
    dropped = int((~samples["used"]).sum())
    assert f"nee_qc below 0.5 {dropped}" in page.text
    needle = samples.query("igbp == 'ENF' and used")
    counts = f"{needle['site'].nunique()} {len(needle)}"
    assert f"ENF, evergreen needleleaf {counts}" in page.text


def test_what_an_archive_held_beside_is_on_the_page(page):
    assert "Left out of the archive: 2 sites or files, 2 years of others" in page.text


def test_nothing_is_said_of_an_archive_that_was_used_whole(towers, tmp_path):
    path = tmp_path / "results"
    shutil.copytree(towers, path)
    LEFT_OUT.write(pd.DataFrame(columns=LEFT_OUT.names), path / "towers/left_out.csv")
    page = build_page(path, figures=[], towers_only=True)
    assert "Left out of the archive" not in page


def test_forest_types_without_a_tower_are_named(towers, tmp_path):
    samples = pd.read_csv(towers / "samples/samples.csv")
    assert types_without_towers(samples) == []
    others = samples[samples["igbp"] != "DNF"]
    assert types_without_towers(others) == ["deciduous needleleaf (DNF)"]


def test_timings_are_summed_by_stage(tmp_path):
    assert timing_table(tmp_path) is None
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    for name, seconds, memory in (("a.1", 1.5, 10), ("a.2", 2.0, "-"), ("b", 4.0, 30)):
        text = f"s\th:m:s\tmax_rss\n{seconds}\t0:00:01\t{memory}\n"
        (folder / f"{name}.tsv").write_text(text)
    assert timing_table(folder).rows == [
        ["a", "2", "3.5", "2.0", "10"],
        ["b", "1", "4.0", "4.0", "30"],
    ]
    (folder / "b.tsv").write_text("x\n1\n")
    with pytest.raises(InputError, match=r"b\.tsv: columns: expected s and max_rss"):
        timing_table(folder)


@pytest.mark.parametrize(
    ("lower", "upper", "text"),
    [
        (-0.2, 1.234, "[-0.20, 1.23]"),
        (-0.0123, 0.1, "[-0.012, 0.100]"),
        (211.4, 340.6, "[211, 341]"),
        (float("nan"), 1.0, "-"),
    ],
)
def test_intervals_are_written_with_digits_that_matter(lower, upper, text):
    assert format_interval(lower, upper) == text


def test_citations_of_an_archive_are_shown_and_their_lack_is_named(towers):
    table = pd.DataFrame(
        {
            "site": ["DE-A", "DE-B"],
            "name": ["A <wood>", ""],
            "policy": ["CC-BY-4.0", ""],
            "citation": ["Smith (2016), A & B", ""],
            "doi": ["10.1/x", ""],
            "site_years": [3, 1],
        }
    )
    write_table(table, towers / "samples/bibliography.csv")
    citations = "samples/bibliography"
    shown = build_page(towers, figures=[], towers_only=True, tables=citations)
    for words in ("A <wood>", "Smith (2016), A & B", "no citation in the archive"):
        assert words in Page(shown).text
    assert "Smith (2016)" not in build_page(towers, figures=[], towers_only=True)


def test_products_that_take_over_are_told_and_shown(towers):
    row = ("ndvi", "map", "MOD13", "VNP13", 2023, 2022, 0.015, 0.004, 1234, "1")
    HANDOVERS.write(
        pd.DataFrame([row], columns=HANDOVERS.names), towers / HANDOVERS.path
    )
    page = Page(
        build_page(towers, figures=[], towers_only=True, tables="handover/handover")
    )
    assert "ndvi is of MOD13 up to 2022 and of VNP13 from 2023 on; in 2022" in page.text
    shown = ["ndvi", "map", "MOD13", "VNP13", "2023", "2022", "+0.015", "0.004"]
    assert (None, [*shown, "1,234", "1"]) in page.rows
    assert "take over" not in build_page(towers, figures=[], towers_only=True)


def test_a_known_bias_is_shown_with_its_range_and_no_banner(page):
    assert "known bias" in page.text
    assert "-17.5 to -3.9" in page.text
    assert "Pan et al. 2024" in page.text
    assert "Do not use the maps" not in page.text


def test_a_failed_gate_is_the_first_thing_on_the_page(results, tmp_path):
    path = tmp_path / "results"
    shutil.copytree(results, path)
    table = pd.read_csv(path / "gates/gates.csv")
    table.loc[table["year"] == 2007, ["found", "status"]] = [3.25, "fail"]
    write_table(table, path / "gates/gates.csv")
    page = Page(build_page(path, figures=FIGURES))
    banner = page.text.index("Failed tests of the results: 1 (closure)")
    assert banner < page.text.index("Simulated planet")
    assert banner < page.text.index("How much.")
    assert "3.25" in page.text


def test_drivers_of_the_change_are_those_of_the_table(page, results):
    table = pd.read_csv(results / "drivers/drivers.csv")
    row = table.query("flux == 'nee' and driver == 'evi'").iloc[0]
    assert f"EVI {row['effect']:+.3f}" in page.text
    assert "not what caused the change" in page.text


def test_without_drivers_the_report_does_not_speak_of_them(results):
    figures = [name for name in FIGURES if name != "drivers"]  # as such a run draws
    assert "What drove the change" not in build_page(results, figures=figures)


def test_other_products_are_set_beside_the_run(page, results):
    table = COMPARISON.read(results)
    row = table.query("kind == 'all' and product == 'other_gpp'").iloc[0]
    shown = f"other_gpp GPP 2003-2018 {row['total_run']:.2f} {row['total_product']:.2f}"
    assert f"{shown} {row['bias']:+,.0f} {row['spatial_r']:.2f}" in page.text
    assert "land, taken as forest" in page.text
    assert "A product is no truth" in page.text


def test_without_other_products_the_report_does_not_speak_of_them(results):
    assert "Beside other products" not in build_page(results, figures=[])


def test_what_is_evidence_of_a_change_is_said_in_words(page):
    words = " ".join(" ".join(page.words).split())
    assert "explain 12 % of GPP (4 to 20 %)" in words
    assert "could be told from no change" in words
