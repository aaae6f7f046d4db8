"""The maps beside other products, on the same grid, forest and years.

In: maps of the run; NetCDF files and Zarr stores of a user. Out: a store for each product, and
tables.
"""
