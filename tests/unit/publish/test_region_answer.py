"""A region is asked for by name, and answered with the numbers of the tables."""

import shutil
import subprocess
import sys
from calendar import month_name
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from forestflux import open_product
from forestflux.change.change_schemas import MONTH_REGIONS, REGION_CHANGES, REGIONS
from forestflux.core.grids.grid import Grid
from forestflux.core.input_errors import InputError
from forestflux.core.interval_text import write_interval
from forestflux.publish.region_search import find_region
from tests.builders.year_products import make_map, publish

GRID = Grid(resolution_deg=15.0, tile_cells=12)


@pytest.fixture(scope="module")
def run(
    share_results: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A finished run `demo` with tables of all regions and the product of a year."""
    folder = tmp_path_factory.mktemp("place") / "results/demo"
    shutil.copytree(share_results(maps=True), folder)
    for year in (2017, 2018):
        mapped = make_map(GRID, year=year)
        publish(mapped, GRID, folder, year=year, run="demo", source="simulated")
    return folder


@pytest.fixture(scope="module")
def changes(run: Path) -> pd.DataFrame:
    return REGION_CHANGES.read(run)


def row_of(table: pd.DataFrame, **values: object) -> pd.Series:
    chosen = (table[list(values)] == pd.Series(values)).all(axis=1)
    assert chosen.sum() == 1
    return table[chosen].iloc[0]


def test_the_answer_has_the_numbers_of_the_tables(
    run: Path, changes: pd.DataFrame
) -> None:
    answer = open_product(run).region("Finland")
    assert (answer.region.kind, answer.region.code, answer.year) == (
        "country",
        "FIN",
        2018,
    )
    series = REGIONS.read(run)
    for flux in ("gpp", "reco", "nee"):
        row = row_of(series, stratum="Finland", variable=flux, year=2018)
        found = answer.data.sel(flux=flux, year=2018)
        for name in ("total", "total_lower", "total_tg", "mean_upper", "applicable"):
            assert float(found[name]) == row[name]
        assert row["total_tg"] == pytest.approx(1000 * row["total"], rel=1e-6)
        text = write_interval(*row[["total_tg", "total_tg_lower", "total_tg_upper"]])
        assert any(
            line.startswith(flux.upper()) and text in line and "TgC yr-1" in line
            for line in answer.text.splitlines()
        )
        row = row_of(changes, stratum="Finland", variable=flux)
        assert float(answer.data["change"].sel(flux=flux)) == row["change"]
        ends = row[["change_tg", "change_tg_lower", "change_tg_upper"]]
        assert write_interval(*ends, plus=True) in answer.text
    assert answer.data["total_tg"].attrs["units"] == "TgC yr-1"
    assert answer.data["total"].dims == ("flux", "year")


def test_the_answer_says_how_sure_it_is_what_it_is_worth_and_how_to_cite(
    run: Path,
) -> None:
    text = open_product(run, year=2017).region("FIN").text
    assert 9 <= len(text.splitlines()) <= 13
    for words in (
        "its forest in 2017",
        "90 % interval",
        "inside the area of applicability",
        "2003 to 2018",
        "At simulated towers never seen, the inputs explain 12 % of GPP",
        "Borders are those of Natural Earth",
        "On the Earth NEE learnt at towers is too strong a sink; here the map",
        "interval in 77 % (countries) of the cases",
        "simulated, not the Earth",
        "run demo; Wu 2019, doi",
        "CC-BY-4.0",
    ):
        assert words in text
    assert str(open_product(run, year=2017).region("FIN")) == text


@pytest.mark.parametrize(
    ("wanted", "name", "kind"),
    [
        ("finland", "Finland", "country"),
        ("FIN", "Finland", "country"),
        ("FI", "Finland", "country"),
        (" Europe ", "Europe", "continent"),
        ("enf", "ENF", "type"),
        ("all", "all", "all"),
        ("all forests", "all", "all"),
        ("United States", "United States of America", "country"),
        ("UK", "United Kingdom", "country"),
        ("U.S.A.", "United States of America", "country"),
        ("united states of america", "United States of America", "country"),
    ],
)
def test_a_region_is_found_by_name_and_by_code(
    changes: pd.DataFrame, wanted: str, name: str, kind: str
) -> None:
    found = find_region(changes, wanted, kind=None, source=Path("a"))
    assert (found.name, found.kind) == (name, kind)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("Finnland", "such as Finland"),
        ("Guine", r"such as .*Guinea-Bissau"),
        ("xyzzy", "a country .name or ISO code., continent"),
        ("none", "a country|such as"),
        ("ZZ", "a country|such as"),
        ("", "a country"),
        ("Monaco", "with mapped forest, found Monaco: lost"),
    ],
)
def test_what_is_no_region_is_one_line_with_near_names(
    changes: pd.DataFrame, wanted: str, words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        find_region(changes, wanted, kind=None, source=Path("a.csv"))
    assert "\n" not in str(caught.value)


def test_one_name_of_two_kinds_asks_for_the_kind(changes: pd.DataFrame) -> None:
    own = changes[changes["stratum"] == "Finland"].assign(kind="region", code=None)
    both = pd.concat([changes, own])
    with pytest.raises(
        InputError, match=r"country or region, because .*--kind country on the"
    ):
        find_region(both, "Finland", kind=None, source=Path("a"))
    found = find_region(both, "Finland", kind="region", source=Path("a"))
    assert found.kind == "region"
    with pytest.raises(
        InputError, match=r"kind: expected one of all, type, .* found no"
    ):
        find_region(both, "Finland", kind="no", source=Path("a"))


def test_years_and_places_that_are_not_there_are_one_line(
    run: Path, tmp_path: Path
) -> None:
    product = open_product(run)
    with pytest.raises(InputError, match=r"year: expected one of 2003, .* found 1999"):
        product.region("Finland", year=1999)
    alone = publish(make_map(GRID), GRID, tmp_path)
    with pytest.raises(InputError, match="region: expected a product in the folder"):
        open_product(alone).region("Finland")
    with pytest.raises(InputError, match="found a dataset that was computed from it"):
        type(product)(product.data_vars).region("Finland")


def test_the_command_prints_the_answer_and_refuses_in_one_line(run: Path) -> None:
    def ask(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "forestflux", "ask", "results/demo", *words]
        return subprocess.run(
            command,
            cwd=run.parents[1],
            capture_output=True,
            text=True,
            check=False,
        )

    done = ask("--region", "Finland", "--year", "2018")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{open_product(run, year=2018).region('Finland')}\n"
    refused = ask("--region", "Finnland")
    assert refused.returncode == 1
    assert refused.stderr.startswith("forestflux ask: error: results/demo/change/")
    assert len(refused.stderr.splitlines()) == 1


def test_a_run_with_months_names_the_month_of_the_largest_uptake(run: Path) -> None:
    answer = open_product(run).region("Finland")
    months = MONTH_REGIONS.read(run).query("stratum == 'Finland' and year == 2018")
    nee = months[months["variable"] == "nee"].sort_values("month")["total"]
    line = next(x for x in answer.text.splitlines() if x.startswith("Season"))
    best = month_name[int(nee.to_numpy().argmin()) + 1]
    assert f"largest uptake in {best}: NEE " in line
    assert f"{nee.min() * 1e3:.3g} TgC" in line
    assert answer.months["total"].dims == ("flux", "year", "month")
    assert answer.months["mean"].attrs["units"] == "gC m-2 month-1"
    found = answer.months["total"].sel(flux="nee", year=2018).values
    assert found.tolist() == nee.tolist()


@pytest.mark.parametrize("left", ["none", "of an earlier run", "of other years"])
def test_months_that_are_not_those_of_the_run_are_not_told(
    run: Path, tmp_path: Path, left: str
) -> None:
    folder = shutil.copytree(run, tmp_path / "results/demo")
    file = folder / MONTH_REGIONS.path
    table = MONTH_REGIONS.read(folder)
    if left == "none":
        file.unlink()
    elif left == "of other years":
        MONTH_REGIONS.write(table.assign(year=table["year"] + 1), file)
    else:
        wrong = table["total"].where(table["month"] != 3, table["total"] * 1.001)
        MONTH_REGIONS.write(table.assign(total=wrong), file)
    answer = open_product(folder).region("Finland")
    assert answer.months is None
    assert "Season" not in answer.text


def test_a_damaged_table_of_months_is_one_line(run: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(run, tmp_path / "results/demo")
    file = folder / MONTH_REGIONS.path
    file.write_text(file.read_text().replace(",7,", ",8,", 1))
    with pytest.raises(InputError, match=r"region_months\.csv"):
        open_product(folder).region("Finland")
