"""A map that is finer than the page: its cells lie beside it and are read when they are seen."""

import numpy as np
import pytest
import xarray as xr

from tests.explorer.browser import open_browser, open_page, requests, text_of, wait
from tests.explorer.small_run import GRID, PAIR, share_run
from tests.explorer.test_explorer import (
    centre,
    click,
    find_on_map,
    numbers,
    severe,
    some_cell,
    write,
)


@pytest.fixture(scope="module")
def results(shared):
    return share_run(shared)


@pytest.fixture(scope="module")
def desktop():
    browser = open_browser(width=1400, height=950, phone=False)
    yield browser
    browser.quit()


def point_at(browser, lat, lon):
    """Move the mouse to a place of the map, from elsewhere on it."""
    from selenium.webdriver import ActionChains

    canvas = browser.find_element("id", "map")
    x, y = find_on_map(browser, lat, lon)
    chain = ActionChains(browser).move_to_element_with_offset(canvas, x - 3, y)
    chain.move_to_element_with_offset(canvas, x, y).perform()


def read_value(browser, lat, lon):
    """The value that the page says of a place, once it is that of a cell and not of a block."""
    texts = []

    def says_own():
        point_at(browser, lat, lon)
        texts.append(text_of(browser, "#status"))
        return texts[-1] and "mean of the block" not in texts[-1]

    wait(says_own)
    return numbers(texts[-1])[-1]


@pytest.mark.parametrize(
    ("layer", "store", "variable"),
    [
        ("gpp", f"maps/{PAIR[1]}.zarr", "gpp"),
        ("nee", f"maps/{PAIR[1]}.zarr", "nee"),
        ("gpp_difference", "change/change.zarr", "gpp_difference"),
    ],
)
def test_the_map_says_the_value_of_its_own_cell_and_asks_for_nothing_outside(
    desktop, results, layer, store, variable
):
    page = write(results, grid=GRID, name="fine.html", columns=36)
    row, column = some_cell(results)
    open_page(desktop, page, f"#{layer}/{PAIR[1]}")
    values = xr.open_zarr(results / store, consolidated=False)[variable].values
    found = read_value(desktop, *centre(row, column))
    assert found == pytest.approx(float(values[row, column]), abs=0.52)
    assert severe(desktop) == []
    asked = [url for url in requests(desktop) if not url.startswith(("data:", "blob:"))]
    folder = page.with_name("fine_cells").as_uri()
    beside = [url for url in asked if url.startswith(folder)]
    assert beside
    assert {url.split("#")[0] for url in asked} - {*beside, "about:blank"} == {
        page.as_uri()
    }
    click(desktop, *centre(row, column))
    assert "2 \u00d7 2 cells" in text_of(desktop, "#details .facts")


def test_a_page_that_was_sent_without_its_folder_shows_blocks_and_says_why(
    desktop, results
):
    page = write(results, grid=GRID, name="alone.html", columns=36)
    page.with_name("alone_cells").rename(page.with_name("elsewhere"))
    open_page(desktop, page, f"#gpp/{PAIR[1]}")
    wait(lambda: "not beside the page" in text_of(desktop, "#display-note"))
    gpp = xr.open_zarr(results / f"maps/{PAIR[1]}.zarr", consolidated=False)["gpp"]
    point_at(desktop, *centre(*some_cell(results)))
    wait(lambda: "mean of the block" in text_of(desktop, "#status"))
    shown = numbers(text_of(desktop, "#status"))[-1]
    assert np.nanmin(gpp.values) <= shown <= np.nanmax(gpp.values)
