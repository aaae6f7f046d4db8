"""Flux towers: places, annual fluxes, clusters, years.

Lives here: the tables that a user brings, checked at the door, and FLUXNET archives.
In: files. Out: tables of sites and site-years in canonical columns (`docs/reference/tables.md`).
May import: core, jobs. Does not know satellites.
"""
