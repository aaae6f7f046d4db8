"""Products of the table with other values, for what a test needs to be different."""

from forestflux.core.product_tables.products import Extract, Product


def with_extract(product: Product, **values: object) -> Product:
    """A product of which some keys of `extract` are others."""
    given = product.extract.model_dump(exclude_unset=True) | values
    changed = Extract.model_validate(given)
    return product.model_copy(update={"extract": changed})
