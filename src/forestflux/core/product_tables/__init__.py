"""What is read: the product table as frozen values, and which of its pixels are trusted.

In: `config/products.yaml` and the choices of a run. Out: products, the bits of their quality, what
takes over from a product that ends.
"""
