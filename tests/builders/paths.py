"""Where the project lies, and where real data lies on machines that have it."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
PRODUCTS = ROOT / "config" / "products.yaml"
# Not part of the project: tests that read it are skipped where it is absent.
REAL_DATA = ROOT.parent / "shared" / "data"
