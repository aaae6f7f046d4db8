"""Gates: tests of a run's results that hold, are a known bias, or fail loudly.

In: maps, change tables, recovery. Out: `gates.csv`, a row per expectation.
"""
