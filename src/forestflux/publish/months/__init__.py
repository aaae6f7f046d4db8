"""The months of a year as files to share, as the year's own products are, and their reading.

In: maps of months. Out: Zarr, NetCDF with a form for ILAMB, GeoTIFF, an item of the STAC
collection.
"""
