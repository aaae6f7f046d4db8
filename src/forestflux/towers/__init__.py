"""Flux towers: places, annual fluxes, clusters, years.

Lives here: the tables that a user brings (`tower_tables`, `flux_checks`), FLUXNET files
(`fluxnet`), and what both become (`tower_schemas`).
In: files. Out: tables of sites and site-years in canonical columns (`docs/reference/tables.md`).
May import: core, jobs. Does not know satellites.
"""
