"""Sums over parts of the Earth: bands, types, countries, polygons, and decompositions.

In: cells of maps. Out: totals per stratum and year, PgC yr-1, and mean fluxes.
"""
