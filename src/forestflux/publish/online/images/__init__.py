"""The images of the online model, each as an expression of Earth Engine.

In: the trained ensemble, the product table and the days of the archive's images. Out: the inputs of
a year (`input_image`, `series_image`), the networks (`network_image`), their interval and area of
applicability, and all of it together (`flux_image`, `year_image`). Nothing is asked of a server.
"""
