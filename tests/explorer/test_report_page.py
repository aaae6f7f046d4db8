"""The report in a real browser: its first screen, its regions, folded parts, a phone."""

import shutil

import pandas as pd
import pytest

from forestflux.pages.figures.figure_registry import FIGURES
from tests.explorer.browser import open_browser, requests, text_of
from tests.explorer.test_explorer import numbers, severe
from tests.unit.pages.test_report import add_pictures, build_page


@pytest.fixture(scope="module")
def results(share_results, tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "results"
    shutil.copytree(share_results(maps=True), path)
    add_pictures(path, FIGURES)
    page = build_page(path, figures=FIGURES, tables="drivers/drivers")
    (path / "report.html").write_text(page)
    return path


@pytest.fixture(scope="module")
def address(results):
    return (results / "report.html").as_uri()


@pytest.fixture(scope="module")
def phone():
    browser = open_browser(width=390, height=844, phone=True)
    yield browser
    browser.quit()


def test_a_region_has_the_numbers_of_the_tables_and_two_charts(phone, results, address):
    phone.get(address)
    phone.execute_script(
        "const list = document.getElementById('region'); list.value = 'countries: Canada';"
        "list.dispatchEvent(new Event('change'))"
    )
    row = pd.read_csv(results / "change/regions.csv").query(
        "stratum == 'Canada' and variable == 'nee' and year == 2018"
    )
    ends = row[["total_tg", "total_tg_lower", "total_tg_upper"]].iloc[0]
    factor = 1e-3 if "PgC" in text_of(phone, "#region-answer caption") else 1
    found = numbers(text_of(phone, "#region-nee"))[:3]
    assert found == pytest.approx(ends.to_numpy(float) * factor, rel=0.01)
    assert len(phone.find_elements("css selector", "#region-answer svg polyline")) == 2
    assert "90 %" in text_of(phone, "#region-answer")
    assert severe(phone) == []
    outside = [
        u for u in requests(phone) if not u.startswith(("file:", "data:", "blob:"))
    ]
    assert outside == []


def test_the_season_of_a_region_is_folded_and_has_the_months_of_the_table(
    phone, results, address
):
    phone.get(address)
    phone.execute_script(
        "const list = document.getElementById('region'); list.value = 'countries: Canada';"
        "list.dispatchEvent(new Event('change'))"
    )
    part = phone.find_element("id", "region-season")
    assert part.get_attribute("open") is None
    phone.execute_script("arguments[0].open = true", part)
    rows = pd.read_csv(results / "months/region_months.csv").query(
        "stratum == 'Canada' and month == 7 and year in [2003, 2018]"
    )
    means = [
        rows.query(f"variable == '{flux}' and year == {year}")["mean"].item()
        for flux in ("gpp", "nee")
        for year in (2003, 2018)
    ]
    text = text_of(phone, "#region-month-7")
    assert text.startswith("July")
    assert numbers(text) == pytest.approx(means, abs=0.06)
    assert severe(phone) == []


def test_every_part_that_scrolls_has_a_name_of_its_own(phone, address):
    phone.get(address)
    names = phone.execute_script(
        "return [...document.querySelectorAll('[role=region]')].map((e) => e.ariaLabel)"
    )
    assert len(set(names)) == len(names) > 5


def test_a_link_opens_the_folded_section(phone, address):
    phone.get(address)
    assert not phone.find_element("id", "scores").get_attribute("open")
    phone.execute_script("document.querySelector('nav a[href=\"#scores\"]').click()")
    opened = "return document.getElementById('scores').open"
    for _ in range(50):
        if phone.execute_script(opened):
            break
    assert phone.execute_script(opened)


def test_on_a_phone_tables_scroll_under_their_first_column(phone, address):
    phone.get(address)
    phone.execute_script(
        "document.querySelectorAll('details').forEach((part) => { part.open = true; })"
    )
    wide, window = phone.execute_script(
        "return [document.documentElement.scrollWidth, window.innerWidth]"
    )
    assert wide <= window
    moved = phone.execute_script(
        "const box = [...document.querySelectorAll('.scroll')]"
        ".find((e) => e.scrollWidth > e.clientWidth + 60);"
        "const [cell, last] = ['first', 'last'].map("
        "(place) => box.querySelector(`tbody td:${place}-child`));"
        "const before = [cell, last].map((e) => e.getBoundingClientRect().left);"
        "box.scrollLeft = 50;"
        "return [cell, last].map((e, i) => e.getBoundingClientRect().left - before[i])"
    )
    assert abs(moved[0]) < 2
    assert moved[1] == pytest.approx(-50, abs=2)
    heads = (
        "return [...document.querySelectorAll('th')].map((e) => e.textContent.trim())"
    )
    assert all(phone.execute_script(heads))
