"""The explorer in a real browser: quick, quiet, right numbers, by key and by thumb."""

import re
import shutil
from io import StringIO
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import pytest
import xarray as xr

from forestflux.core.layers import flagged
from forestflux.jobs.settings.page_settings import ExplorerSettings
from forestflux.jobs.stages import upstream_stores
from forestflux.pages.explorer.explorer_page import write_page
from forestflux.pages.explorer.page_data import MapFiles, RunFiles, collect_page_data
from forestflux.pages.labels_and_colours import PALENESS
from forestflux.pages.plain_answer import Statement
from tests.builders.inputs import INPUTS
from tests.explorer.browser import (
    open_browser,
    open_page,
    requests,
    root,
    text_of,
    wait,
)
from tests.explorer.small_run import GRID, PAIR, build_run, list_stores, share_run

SETTINGS = {"columns": 720, "series_cells": 10000, "reason_cells": 40}
LOAD_SECONDS = 3.0
NORMAL_90 = 1.6449  # half of a 90 % interval in standard deviations
EQUAL_EARTH = pyproj.Proj("+proj=eqearth +R=1")
YEARS = range(PAIR[0], PAIR[1] + 1)


def write(results, *, grid, name="explorer.html", years=YEARS, outlined=(), **settings):
    run = RunFiles(
        model=results / "model/model.json",
        samples=results / "samples/samples.json",
        sample_table=results / "samples/samples.csv",
        predictions=results / "evaluate/predictions.csv",
    )
    maps = grid and MapFiles(
        maps=list_stores(results / "maps", names=map(str, years)),
        masks=list_stores(results / "mask"),
        change=results / "change/change.zarr",
        regions=results / "change/regions.csv",
        region_changes=results / "change/region_changes.csv",
        grid=grid,
        pair=PAIR,
        cells=results / f"{Path(name).stem}_cells",
        months=list_stores(results / "month_maps"),
        compared=upstream_stores(results / "compare/compare.json"),
        outlined=outlined,
    )
    chosen = ExplorerSettings(**(SETTINGS | settings))
    page = results / name
    data = collect_page_data(run, maps, settings=chosen)
    page.write_text(
        write_page(
            data,
            inputs=INPUTS,
            answer=[Statement("How much", "none < all")],
            run="a<b",
            simulated=grid is not None,
            license_name="other",
        )
    )
    return page


@pytest.fixture(scope="module")
def results(shared):
    return share_run(shared)


@pytest.fixture(scope="module")
def page(results):
    return write(results, grid=GRID)


@pytest.fixture(scope="module")
def desktop():
    browser = open_browser(width=1400, height=950, phone=False)
    yield browser
    browser.quit()


@pytest.fixture(scope="module")
def phone():
    browser = open_browser(width=390, height=844, phone=True)
    yield browser
    browser.quit()


def some_cell(results):
    """Row and column of a cell in the middle of the forest of the second year."""
    gpp = xr.open_zarr(results / f"maps/{PAIR[1]}.zarr", consolidated=False)["gpp"]
    rows, columns = np.nonzero(np.isfinite(gpp.values))
    middle = len(rows) // 2
    return int(rows[middle]), int(columns[middle])


def centre(row, column):
    return GRID.latitudes()[row], GRID.longitudes()[column]


def find_on_map(browser, lat, lon):
    """Where a place is drawn on the whole world: pixels to the right of the middle, and down."""
    size = browser.execute_script(
        "const box = document.getElementById('map').getBoundingClientRect();"
        "return [box.width, box.height]"
    )
    edge, bottom, top = (
        EQUAL_EARTH(180, 0)[0],
        *(EQUAL_EARTH(0, y)[1] for y in (-57, 80)),
    )
    scale = min(size[0] / (2 * edge), size[1] / (top - bottom))
    east, north = EQUAL_EARTH(lon, lat)
    return scale * east, scale * ((top + bottom) / 2 - north)


def click(browser, lat, lon):
    """Click the map where a place is drawn, and wait for the details."""
    from selenium.webdriver import ActionChains

    x, y = find_on_map(browser, lat, lon)
    canvas = browser.find_element("id", "map")
    browser.execute_script("document.documentElement.dataset.shown = ''")
    ActionChains(browser).move_to_element_with_offset(canvas, x, y).click().perform()
    wait(lambda: root(browser, "shown"))


def numbers(text):
    return [float(part) for part in re.findall(r"-?\d+(?:\.\d+)?", text)]


def shown_estimate(browser, flux):
    """Estimate and bounds of a flux as the table of the page has them."""
    return numbers(text_of(browser, f"#estimate-{flux}"))


def severe(browser):
    return [entry for entry in browser.get_log("browser") if entry["level"] != "INFO"]


def test_loads_in_time_without_a_complaint_or_a_request(desktop, page):
    # the page's own work, so that a busy machine does not fail the test
    desktop.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    open_page(desktop, page)
    found = desktop.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    seconds = {metric["name"]: metric["value"] for metric in found}["TaskDuration"]
    assert 0 < seconds < LOAD_SECONDS
    wait(lambda: desktop.find_elements("css selector", "#details .main-svg"))
    assert severe(desktop) == []
    outside = [
        url
        for url in requests(desktop)
        if not url.startswith(("file:", "data:", "blob:", "about:"))
    ]
    assert outside == []
    files = {url.split("#")[0] for url in requests(desktop) if url.startswith("file:")}
    assert files <= {page.as_uri()}


def test_first_details_are_the_totals_of_the_table(desktop, page, results):
    open_page(desktop, page)
    table = pd.read_csv(results / "change/totals.csv").query("stratum == 'all'")
    for flux in ("gpp", "nee"):
        for year in PAIR:
            row = table.query(f"variable == '{flux}' and year == {year}").iloc[0]
            found = numbers(text_of(desktop, f"#total-{flux}-{year}"))[1:]
            wanted = row[["total", "total_lower", "total_upper"]].to_numpy(float)
            # Three digits of the largest: more differ between processors.
            last = 10.0 ** (np.floor(np.log10(abs(wanted).max())) - 2)
            assert found == pytest.approx(wanted, abs=0.51 * min(last, 1.0))


def choose(browser, name, value):
    """Choose an entry of a list, and wait for the details."""
    browser.execute_script(
        "document.documentElement.dataset.shown = '';"
        "const list = document.getElementById(arguments[0]); list.value = arguments[1];"
        "list.dispatchEvent(new Event('change'))",
        name,
        value,
    )
    wait(lambda: root(browser, "shown"))


def test_a_region_shows_the_numbers_of_the_tables_and_gives_them_as_csv(
    desktop, page, results
):
    open_page(desktop, page)
    desktop.execute_script(
        "const make = URL.createObjectURL;"
        "URL.createObjectURL = (file) => { window.made = file; return make(file); }"
    )
    choose(desktop, "region", "countries: Canada")
    table = pd.read_csv(results / "change/regions.csv").query("stratum == 'Canada'")
    for flux in ("gpp", "nee"):
        row = table.query(f"variable == '{flux}' and year == {PAIR[1]}").iloc[0]
        ends = ["total_tg", "total_tg_lower", "total_tg_upper"]
        # Large regions are shown in PgC.
        factor = 1e-3 if "PgC" in text_of(desktop, "#details caption") else 1
        found = numbers(text_of(desktop, f"#region-{flux}"))[:3]
        assert found == pytest.approx(row[ends].to_numpy(float) * factor, rel=0.01)
    text = desktop.execute_async_script("window.made.text().then(arguments[0])")
    made = pd.read_csv(StringIO(text)).set_index("year")
    nee = table.query("variable == 'nee'").set_index("year")
    for name in ("total_tg", "total_tg_lower", "mean"):
        wanted = nee[name].to_numpy()
        assert made[f"nee_{name}"].to_numpy() == pytest.approx(wanted, rel=1e-3)
    address = desktop.execute_script("return location.hash")
    open_page(desktop, page, address)
    assert text_of(desktop, "#details h2") == "Canada (CAN)"
    assert severe(desktop) == []


def test_no_head_of_a_table_is_empty_and_names_hold_what_buttons_show(desktop, page):
    open_page(desktop, page)
    heads = "return [...document.querySelectorAll('th')].map((e) => e.textContent)"
    assert all(desktop.execute_script(heads))
    buttons = desktop.execute_script(
        "return [...document.querySelectorAll('.zoom button')]"
        ".map((e) => [e.textContent, e.getAttribute('aria-label')])"
    )
    words = [(text, label) for text, label in buttons if text.isalpha()]
    assert words
    assert all(label.startswith(text) for text, label in words)


@pytest.mark.parametrize("year", PAIR)
def test_a_click_on_a_cell_gives_the_numbers_of_the_map(desktop, page, results, year):
    row, column = some_cell(results)
    open_page(desktop, page, f"#gpp/{year}")
    click(desktop, *centre(row, column))
    maps = xr.open_zarr(results / f"maps/{year}.zarr", consolidated=False)
    cell = maps.isel(y=row, x=column)
    for flux in ("gpp", "nee"):
        wanted = [
            float(cell[name]) for name in (flux, f"{flux}_lower", f"{flux}_upper")
        ]
        assert shown_estimate(desktop, flux) == pytest.approx(wanted, abs=0.52)
    change = xr.open_zarr(results / "change/change.zarr", consolidated=False)
    there = change.isel(y=row, x=column)
    for flux in ("gpp", "nee"):
        words = numbers(text_of(desktop, f"#difference-{flux}").split(str(PAIR[0]))[1])
        wanted = [
            float(there[f"{flux}_difference"]),
            float(there[f"{flux}_difference_sd"]) * NORMAL_90,
        ]
        assert words[:2] == pytest.approx(wanted, abs=0.52)
    assert severe(desktop) == []


def test_years_with_a_gap_between_them_are_both_drawn(desktop, results):
    """A map of the pair of years alone: the slider leads from one to the other and back."""
    from selenium.webdriver import ActionChains, Keys

    page = write(results, grid=GRID, name="explorer_two_years.html", years=PAIR)
    row, column = some_cell(results)
    x, y = find_on_map(desktop, *centre(row, column))
    open_page(desktop, page)
    canvas = desktop.find_element("id", "map")
    for key, year in (("", PAIR[1]), (Keys.LEFT, PAIR[0]), (Keys.RIGHT, PAIR[1])):
        desktop.find_element("id", "year").send_keys(key)
        assert text_of(desktop, "#year-shown") == str(year)
        maps = xr.open_zarr(results / f"maps/{year}.zarr", consolidated=False)
        wanted = f"GPP {year} {float(maps['gpp'][row, column]):.0f} "

        def says_so(wanted=wanted):
            chain = ActionChains(desktop)
            chain.move_to_element_with_offset(canvas, x - 3, y)
            chain.move_to_element_with_offset(canvas, x, y).perform()
            return wanted in text_of(desktop, "#status")

        wait(says_so)
    assert severe(desktop) == []


def test_the_map_is_not_upside_down(desktop, page, results):
    row, column = some_cell(results)
    lat, lon = centre(row, column)
    open_page(desktop, page)
    click(desktop, lat, lon)
    heading = text_of(desktop, "#details h2")
    north = f"{abs(lat):g}° {'N' if lat >= 0 else 'S'}"
    east = f"{abs(lon):g}° {'E' if lon >= 0 else 'W'}"
    assert north in heading
    assert east in heading


def drawn(browser, chart):
    """Traces of a chart of the details, as its library holds them."""
    wait(lambda: len(browser.find_elements("css selector", "#details .main-svg")) > 0)
    script = f"""
      const chart = document.querySelectorAll('#details .chart')[{chart}];
      return chart && chart.data && JSON.parse(JSON.stringify(chart.data,
        (key, value) => ArrayBuffer.isView(value) ? Array.from(value) : value));
    """
    wait(lambda: browser.execute_script(script))
    return browser.execute_script(script)


def test_series_of_a_cell_are_those_of_the_mask_with_its_gaps(desktop, page, results):
    row, column = some_cell(results)
    open_page(desktop, page, f"#gpp/{PAIR[1]}")
    click(desktop, *centre(row, column))
    traces = drawn(desktop, 2)
    lines = [
        t for t in traces if t["mode"] == "lines+markers" and t["name"] == str(PAIR[1])
    ]
    assert len(lines) == 6
    tile = next(t for t in GRID.tiles() if t.columns.start <= column < t.columns.stop)
    masked = xr.open_zarr(
        results / f"mask/{tile.name}/{PAIR[1]}.zarr", consolidated=False
    )
    cell = masked.isel(y=row - tile.rows.start, x=column - tile.columns.start)
    for name, line in zip(
        ("ndvi", "evi", "et", "lst_day", "lst_night", "precip"), lines, strict=True
    ):
        wanted = cell[name].values
        found = np.array([np.nan if v is None else v for v in line["y"]], float)
        assert np.array_equal(np.isnan(found), np.isnan(wanted))
        assert np.isnan(wanted).any()
        step = (np.nanmax(wanted) - np.nanmin(wanted)) / 254
        assert np.nanmax(abs(found - wanted)) <= 0.51 * step + 2e-4


def test_a_tower_shows_the_estimate_of_the_table_beside_its_own_flux(
    desktop, page, results
):
    predictions = pd.read_csv(results / "evaluate/predictions.csv")
    unseen = predictions.query("model == 'cnn' and split == 'site'")
    samples = pd.read_csv(results / "samples/samples.csv").query("used")
    both = unseen.merge(samples[["site", "year", "igbp"]], on=["site", "year"])
    row = both.sort_values("year").groupby("site").last().reset_index().iloc[3]
    open_page(desktop, page, f"#nee/{row['year']}/{row['site']}")
    for flux in ("gpp", "nee"):
        found = shown_estimate(desktop, flux)
        names = [f"{flux}_pred", f"{flux}_lower", f"{flux}_upper", f"{flux}_obs"]
        assert found == pytest.approx(row[names].to_numpy(float), abs=0.51)
    reasons = drawn(desktop, 2)
    assert [len(trace["z"]) for trace in reasons] == [6, 6]
    assert len(reasons[0]["z"][0]) == 12


def test_months_of_a_cell_are_those_of_the_map_of_months(desktop, page, results):
    row, column = some_cell(results)
    open_page(desktop, page, f"#gpp/{PAIR[1]}")
    click(desktop, *centre(row, column))
    lines = [trace for trace in drawn(desktop, 1) if trace["mode"] == "lines+markers"]
    assert [line["name"] for line in lines] == [str(year) for year in PAIR] * 2
    for line, (flux, year) in zip(lines, product(("gpp", "nee"), PAIR), strict=True):
        store = results / f"month_maps/{year}.zarr"
        months = xr.open_zarr(store, consolidated=False).isel(y=row, x=column)
        assert line["y"] == pytest.approx(months[flux].values, abs=0.051)
    lower, upper = drawn(desktop, 1)[:2]
    width = np.subtract(upper["y"], lower["y"])
    store = xr.open_zarr(results / f"month_maps/{PAIR[0]}.zarr", consolidated=False)
    half = store["gpp_half_width"].isel(y=row, x=column).values
    assert width == pytest.approx(2 * half, abs=0.21)


def test_compared_products_are_layers_and_stand_beside_the_run_at_a_cell(
    desktop, page, results
):
    row, column = some_cell(results)
    open_page(desktop, page)
    names = desktop.execute_script(
        "return [...document.querySelectorAll("
        "'optgroup[label=\"Beside other products\"] option')].map((o) => o.value)"
    )
    kinds = ("product", "difference")
    assert names == [f"{k} other_{f}" for f in ("gpp", "nee") for k in kinds]
    click(desktop, *centre(row, column))
    for flux in ("gpp", "nee"):
        store = results / f"compare/other_{flux}.zarr"
        there = xr.open_zarr(store, consolidated=False).isel(y=row, x=column)
        shown = text_of(desktop, f"#compared-other_{flux}").split(f"other_{flux}")[1]
        wanted = [float(there[name]) for name in ("product", "run", "difference")]
        assert numbers(shown)[:3] == pytest.approx(wanted, abs=0.52)


def test_a_change_that_may_be_chance_is_pale_and_keeps_its_hue(desktop, page, results):
    change = xr.open_zarr(results / "change/change.zarr", consolidated=False)
    sure = flagged(change["nee_difference_significance"], "significant").values
    size = np.abs(change["nee_difference"].values)
    weak = np.isfinite(size) & ~sure
    row, column = np.unravel_index(np.where(weak, size, -1).argmax(), size.shape)
    open_page(desktop, page, f"#nee_difference/{PAIR[1]}")
    hide(desktop, "show-outside", "show-towers")
    x, y = map(round, find_on_map(desktop, *centre(row, column)))
    look = (
        "const map = document.getElementById('map');"
        "const pen = document.createElement('canvas').getContext('2d');"
        "pen.drawImage(map, -map.width / 2 - arguments[0], -map.height / 2 - arguments[1]);"
        "return [...pen.getImageData(0, 0, 1, 1).data]"
    )
    pale = np.array(desktop.execute_script(look, x, y)[:3])
    hide(desktop, "show-weak")
    full = np.array(desktop.execute_script(look, x, y)[:3])
    assert full.min() < 200
    assert pale == pytest.approx(full + PALENESS * (255 - full), abs=1)


def hide(browser, *boxes):
    """Untick boxes of the map, and wait until it is painted."""
    for box in boxes:
        browser.execute_script(
            "document.documentElement.dataset.painted = '';"
            "document.getElementById(arguments[0]).click();"
            "document.getElementById('layer').dispatchEvent(new Event('change'))",
            box,
        )
        wait(lambda: root(browser, "painted"))


def test_keyboard_alone_moves_opens_and_zooms(desktop, page, results):
    from selenium.webdriver.common.keys import Keys

    open_page(desktop, page)
    body = desktop.find_element("css selector", "body")
    reached = []
    for _ in range(12):
        body.send_keys(Keys.TAB)
        active = desktop.switch_to.active_element
        reached.append(active.get_attribute("id"))
        if reached[-1] == "map":
            break
    assert {"layer", "year", "tower"} <= set(reached)
    assert reached[-1] == "map"
    outline = desktop.execute_script(
        "return getComputedStyle(document.activeElement).outlineWidth"
    )
    assert float(outline.removesuffix("px")) >= 2
    canvas = desktop.switch_to.active_element
    before = text_of(desktop, "#status")
    canvas.send_keys(Keys.ARROW_UP)
    wait(lambda: text_of(desktop, "#status") != before)
    canvas.send_keys("t")  # a tower is always something to open
    desktop.execute_script("document.documentElement.dataset.shown = ''")
    canvas.send_keys(Keys.ENTER)
    wait(lambda: root(desktop, "shown"))
    assert text_of(desktop, "#details h2").startswith("Tower")
    picture = "return document.getElementById('map').toDataURL()"
    whole = desktop.execute_script(picture)
    canvas.send_keys("+")
    wait(lambda: desktop.execute_script(picture) != whole)
    canvas.send_keys("0")
    wait(lambda: desktop.execute_script(picture) == whole)


def test_every_layer_is_drawn_with_a_legend_and_looks_its_own_way(desktop, page):
    open_page(desktop, page)
    names = desktop.execute_script(
        "return [...document.getElementById('layer').options].map((o) => o.value)"
    )
    assert {"gpp", "nee", "reco", "gpp_width", "nee_width", "gap_fraction"} <= set(
        names
    )
    assert {
        "gpp_difference",
        "nee_difference_sd",
        "gpp_difference_significance",
        "nee_slope_significance",
    } <= set(names)
    pictures = {}
    for name in names:
        desktop.execute_script(
            "const p = document.getElementById('layer'); p.value = arguments[0];"
            "document.getElementById('legend-title').textContent = '';"
            "document.documentElement.dataset.painted = '';"
            "p.dispatchEvent(new Event('change'))",
            name,
        )
        wait(lambda: root(desktop, "painted"))
        assert text_of(desktop, "#legend-title")
        parts = desktop.find_elements(
            "css selector", "#legend-ticks span, #legend-classes li"
        )
        assert len([p for p in parts if p.is_displayed()]) >= 2, name
        picture = "return document.getElementById('map').toDataURL()"
        pictures[name] = desktop.execute_script(picture)
    # the made-up intervals have one width everywhere: those maps may be the same
    differing = ("gpp", "nee", "gap_fraction", "gpp_difference", "nee_slope")
    differing += ("nee_window_difference", "applicable")
    assert len({pictures[name] for name in differing}) == len(differing)
    assert severe(desktop) == []


def test_a_phone_shows_all_without_scrolling_sideways(phone, page, results):
    open_page(phone, page)
    click(phone, *centre(*some_cell(results)))
    wait(lambda: len(phone.find_elements("css selector", "#details .main-svg")) >= 3)
    wide, window = phone.execute_script(
        "return [document.documentElement.scrollWidth, window.innerWidth]"
    )
    assert wide <= window
    small = phone.execute_script(
        "return [...document.querySelectorAll('button, select, input[type=range]')]"
        ".filter((e) => e.offsetParent && e.offsetHeight < 24).map((e) => e.id)"
    )
    assert small == []
    assert severe(phone) == []


def test_a_run_of_towers_alone_has_towers_and_no_map_controls(desktop, tmp_path):
    results = build_run(tmp_path / "towers", seed=5, maps=False)
    page = write(results, grid=None)
    open_page(desktop, page)
    assert not desktop.find_element("id", "layer").is_displayed()
    site = (
        pd.read_csv(results / "samples/samples.csv")
        .query("used and forest")
        .iloc[0]["site"]
    )
    open_page(desktop, page, f"#towers//{site}")
    assert text_of(desktop, "#details h2") == f"Tower {site}"
    assert severe(desktop) == []


def test_a_finer_map_is_averaged_over_its_forest_and_says_so(desktop, page, results):
    coarse = write(results, grid=GRID, name="coarse.html", columns=36, fine_cells=0)
    assert list(coarse.with_name("coarse_cells").iterdir()) == []
    open_page(desktop, coarse, f"#gpp/{PAIR[1]}")
    assert "means over the forest of 2 \u00d7 2 cells" in text_of(
        desktop, "#display-note"
    )
    maps = xr.open_zarr(results / f"maps/{PAIR[1]}.zarr", consolidated=False).load()
    row, column = (2 * (place // 2) for place in some_cell(results))
    block = maps.isel(y=slice(row, row + 2), x=slice(column, column + 2))
    weight = (block["cell_area"] * block["forest_fraction"]).where(
        block["gpp"].notnull(), 0
    )
    mean = float((block["gpp"].fillna(0) * weight).sum() / weight.sum())
    lat, lon = float(block["y"].mean()), float(block["x"].mean())
    open_page(desktop, coarse, f"#gpp/{PAIR[1]}/{lat},{lon}")
    assert shown_estimate(desktop, "gpp")[0] == pytest.approx(mean, abs=0.52)


def test_the_same_run_gives_the_same_page(page, results):
    first = page.read_bytes()
    assert write(results, grid=GRID, name="again.html").read_bytes() == first


def test_a_missing_mask_is_one_line(results, tmp_path):
    from forestflux.core.input_errors import InputError

    copy = tmp_path / "run"
    shutil.copytree(results, copy)
    shutil.rmtree(copy / f"mask/{GRID.tiles()[0].name}/{PAIR[0]}.zarr")
    with pytest.raises(InputError, match=r"mask: .*: expected a store"):
        write(copy, grid=GRID)
