"""Files for machines: Zarr, NetCDF, GeoTIFF, STAC, checksums, upload, an expression.

In: the maps of a year. Out: one folder a year that other tools open. `online` is the trained model
as an expression of Earth Engine.
May import: evaluation and below; not `pages`.
"""
