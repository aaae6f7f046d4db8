"""Outlines of regions on the map of the explorer."""

import numpy as np
import pytest
import shapely

from forestflux.core.regions.region_cells import NamedArea
from forestflux.core.regions.run_region import find_areas
from tests.explorer.browser import open_browser, open_page, root, wait
from tests.explorer.small_run import GRID, PAIR, share_run
from tests.explorer.test_explorer import find_on_map, hide, severe, write

# At sea, where nothing else is drawn: a ring with an island in its hole.
RING = shapely.box(-60, 5, -20, 45).difference(shapely.box(-52, 12, -28, 38))
ISLAND = shapely.box(-44, 20, -36, 30)


@pytest.fixture(scope="module")
def page(shared):
    areas = [
        NamedArea("ring", "", shapely.union_all([RING, ISLAND])),
        *find_areas(["Iceland"], GRID),
        NamedArea("box", "", find_areas([(165, 40, -165, 62)], GRID)[0].shape),
    ]
    results = share_run(shared)
    return write(results, grid=GRID, name="outlined.html", outlined=tuple(areas))


@pytest.fixture(scope="module")
def desktop():
    browser = open_browser(width=1400, height=950, phone=False)
    yield browser
    browser.quit()


def darkest(browser, lat, lon):
    """Sum of red, green and blue of the darkest pixel within two of a place of the map."""
    x, y = find_on_map(browser, lat, lon)
    look = (
        "const map = document.getElementById('map');"
        "const pen = document.createElement('canvas').getContext('2d');"
        "pen.drawImage(map, 2 - map.width / 2 - arguments[0], 2 - map.height / 2 - arguments[1]);"
        "return [...pen.getImageData(0, 0, 5, 5).data]"
    )
    pixels = np.array(browser.execute_script(look, round(x), round(y)))
    return pixels.reshape(-1, 4)[:, :3].sum(axis=1).min()


def is_drawn(browser, lat, lon):
    """Whether a dark line goes through a place of the sea, which is light."""
    return darkest(browser, lat, lon) < 400


def test_outer_rings_holes_and_islands_are_drawn_and_can_be_hidden(desktop, page):
    open_page(desktop, page, f"#gpp/{PAIR[1]}")
    hide(desktop, "show-towers")
    on_line = [(25, -60), (25, -52), (25, -44), (45, -40), (38, -40), (30, -40)]
    beside = [(25, -56), (25, -48), (25, -40), (41.5, -40), (34, -40)]
    assert all(is_drawn(desktop, *place) for place in on_line)
    assert not any(is_drawn(desktop, *place) for place in beside)
    assert severe(desktop) == []
    hide(desktop, "show-outlines")
    assert not any(is_drawn(desktop, *place) for place in on_line)


def test_a_box_across_180_degrees_has_no_line_there(desktop, page):
    open_page(desktop, page, f"#gpp/{PAIR[1]}")
    hide(desktop, "show-towers")
    on_line = [(45, 165), (45, -165), (40, 172), (40, -172)]
    assert all(is_drawn(desktop, *place) for place in on_line)
    assert not any(is_drawn(desktop, 45, lon) for lon in (178, -178))


def test_a_run_without_regions_offers_no_outlines(desktop, shared):
    page = write(share_run(shared), grid=GRID, name="whole.html")
    open_page(desktop, page)
    assert not desktop.find_element("id", "show-outlines").is_displayed()
    wait(lambda: root(desktop, "shown"))
    assert severe(desktop) == []
