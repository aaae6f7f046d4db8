"""Write the reference pages of configuration and tables; `--check` only compares."""

import sys
from pathlib import Path

from forestflux.jobs.configuration_reference import reference
from forestflux.pages.table_reference import render_table_reference

ROOT = Path(__file__).parents[1]

if __name__ == "__main__":
    pages = {
        ROOT / "docs" / "configuration.md": reference(),
        ROOT / "docs" / "reference" / "tables.md": render_table_reference(),
    }
    if "--check" in sys.argv:
        sys.exit(any(page.read_text() != text for page, text in pages.items()))
    for page, text in pages.items():
        page.write_text(text)
