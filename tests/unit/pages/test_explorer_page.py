"""The page of the explorer is put together from all its parts, without a browser."""

import json
import re

from forestflux.pages.explorer.explorer_page import ASSETS, read_asset, write_page
from forestflux.pages.plain_answer import Statement
from tests.builders.inputs import INPUTS


def test_page_holds_every_script_and_the_data_and_no_name_ends_a_script():
    page = write_page(
        {"site": "</script>"},
        inputs=INPUTS,
        answer=[Statement("How much", "none < all")],
        run="a<b",
        simulated=False,
        license_name="other",
    )
    for name in ASSETS:
        if name.endswith((".js", ".css")):
            assert read_asset(name) in page
    (data,) = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', page
    )
    assert json.loads(data)["site"] == "</script>"
    assert "run <strong>a&lt;b</strong>" in page
    assert "none &lt; all" in page
    assert '<p class="banner" hidden>' in page
