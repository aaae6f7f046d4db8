"""FLUXNET archives as they are downloaded: annual fluxes, facts of sites, citations.

From file names (`file_names`) over archive members and columns to annual sums, one table a
site (`site_reader`), and all sites together (`fluxnet_towers`).
"""
