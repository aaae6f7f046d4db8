"""A headless Chromium for tests, and what it tells of a page."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")


def open_browser(*, width: int, height: int, phone: bool):
    """A browser with a window of this size; the test is skipped where there is none."""
    selenium = pytest.importorskip("selenium.webdriver", reason="selenium is missing")
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("chromium and chromium-driver are not installed")
    options = selenium.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    options.add_argument(f"--window-size={width},{height}")
    options.set_capability(
        "goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"}
    )
    if phone:
        metrics = {"width": width, "height": height, "pixelRatio": 2, "touch": True}
        options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
    service = selenium.ChromeService(DRIVER)
    return selenium.Chrome(options=options, service=service)


def open_page(browser, page: Path, fragment: str = "") -> None:
    """Load the page anew and wait until the map and the first details stand."""
    browser.get("about:blank")
    browser.get(f"{page.as_uri()}{fragment}")
    wait(lambda: root(browser, "ready") and root(browser, "shown"))


def root(browser, name: str) -> str | None:
    """A data attribute of the page's root element."""
    return browser.execute_script(
        f"return document.documentElement.dataset.{name} || null"
    )


def wait(done: Callable[[], object], seconds: float = 30) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "the page did not get there in time"
        time.sleep(0.05)


def requests(browser) -> list[str]:
    """Addresses that were asked for since the log was read last, the page's own among them."""
    found = []
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            found.append(message["params"]["request"]["url"])
    return found


def text_of(browser, selector: str) -> str:
    """Text of an element, with true minus signs as hyphens and no thousands separators."""
    text = browser.find_element("css selector", selector).text
    return text.replace("\u2212", "-").replace(",", "")
