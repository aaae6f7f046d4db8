"""Skill of the months at unseen towers and in the simulated planet's cells.

In: months of towers, shares of the season models, months of the maps, the planet's true months.
Out: tables of scores, of dates of the season, of coverage, and of the recovery of the true months
(`month_schemas`).
"""
