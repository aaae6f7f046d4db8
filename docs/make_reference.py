"""Write docs/configuration.md from the schema; `--check` only compares."""

import sys
from pathlib import Path

from forestflux.jobs.configuration import reference

ROOT = Path(__file__).parents[1]

PAGE = ROOT / "docs" / "configuration.md"
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"

if __name__ == "__main__":
    text = reference(SCHEMA)
    if "--check" in sys.argv:
        sys.exit(PAGE.read_text() != text)
    PAGE.write_text(text)
