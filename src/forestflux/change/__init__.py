"""What changed: the pair of years, windows, series, and what of it is more than noise.

In: the maps of the years. Out: tables of totals and change, and a store of change by cell.
May import: maps, ensemble and below.
"""
