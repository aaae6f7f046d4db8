"""Names that look like markup or code, in the report and the explorer in a real browser."""

import html

import pytest

from forestflux.change.change_schemas import TOTALS
from forestflux.jobs.tables import write_table
from tests.explorer.browser import open_browser, open_page, root, text_of, wait
from tests.explorer.small_run import GRID, build_run
from tests.explorer.test_explorer import severe, write
from tests.unit.pages.test_report import add_pictures, build_page

# Each would leave its mark where it is run: the title of the page, or a name of the window.
RUN_ME = "document.title='run';window.run=1"
NAMES = {
    "T00-0": f"</script><script>{RUN_ME}</script>",
    "T01-0": f'<img src=x onerror="{RUN_ME}">',
    "T02-0": f'"><svg onload="{RUN_ME}">',
    "T03-0": "<b>bold</b> & <!-- comment",
    "T04-0": "'\"`${7*7} {{7*7}} {% x %} &lt;i&gt;",
    "T05-0": f"javascript:{RUN_ME}",
    "T06-0": "$x_1$ \\alpha %s {0}",
}
REGION = f'<img src=x onerror="{RUN_ME}"> & </table> \'"'


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A finished run whose towers and a region have such names."""
    path = build_run(tmp_path_factory.mktemp("run"), seed=4, maps=True, names=NAMES)
    totals = TOTALS.read(path)
    bands = totals[totals["kind"] == "band"].sort_values("area", ascending=False)
    largest = bands["stratum"].iloc[0]
    renamed = totals.assign(stratum=totals["stratum"].replace(largest, REGION))
    write_table(renamed, path / "change/totals.csv")
    add_pictures(path, ["towers"])
    return path


@pytest.fixture(scope="module")
def desktop():
    browser = open_browser(width=1400, height=950, phone=False)
    yield browser
    browser.quit()


def was_run(browser):
    """Whether a name of the data was run as code on the page, or became a part of it."""
    return browser.execute_script(
        "return window.run === 1 || document.title === 'run'"
        " || document.querySelector('img[src=\"x\"], svg[onload]') !== null"
    )


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_the_explorer_shows_a_towers_name_as_it_is(desktop, results, name):
    page = write(results, grid=GRID, name="markup.html")
    open_page(desktop, page)
    desktop.execute_script("document.documentElement.dataset.shown = ''")
    desktop.execute_script(
        "const list = document.getElementById('tower');"
        "const one = [...list.options].find((o) => o.textContent.includes(arguments[0]));"
        "list.value = one.value; list.dispatchEvent(new Event('change'))",
        name,
    )
    wait(lambda: root(desktop, "shown"))
    heading = "return document.querySelector('#details h2').textContent"
    assert desktop.execute_script(heading) == f"Tower {name}"
    assert not was_run(desktop)
    assert severe(desktop) == []


def test_the_report_shows_names_of_regions_and_of_the_run_as_they_are(desktop, results):
    page = results / "report.html"
    page.write_text(build_page(results, figures=["towers"]))
    desktop.get(page.as_uri())
    shown = desktop.execute_script("return document.body.textContent")
    assert REGION in shown
    assert "a<b" in text_of(desktop, "h1")
    assert not was_run(desktop)
    assert severe(desktop) == []
    assert html.escape(REGION, quote=False)[:20] in page.read_text()
