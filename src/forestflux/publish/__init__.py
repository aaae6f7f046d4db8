"""Files for machines: Zarr, NetCDF, GeoTIFF, STAC, checksums, upload.

In: the maps of a year. Out: one folder a year that other tools open.
May import: evaluation and below; not `pages`.
"""
