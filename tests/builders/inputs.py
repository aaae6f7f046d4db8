"""The input series of the project's own configuration."""

from forestflux.core.product_tables.product_table import read_products
from tests.builders.paths import ROOT

PRODUCTS = read_products(ROOT / "config/products.yaml")
INPUTS = PRODUCTS.series()
RANGES = PRODUCTS.ranges()
VARIABLES = tuple(series.name for series in INPUTS)
UNITS = {series.name: series.units for series in INPUTS}
