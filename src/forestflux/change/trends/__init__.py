"""Slopes, tests and year-to-year variability of annual series.

In: arrays (year, series), or totals of strata by year. Out: slopes, p values, intervals. Knows
nothing of maps or files.
"""
