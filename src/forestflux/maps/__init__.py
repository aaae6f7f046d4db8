"""Tiles and globe: inference over masked tiles, and the global map of a year.

In: masked stores and a model that is handed over. Out: stores of fluxes per cell, member by
member, and one map a year.
May import: models and below; not `ensemble`, whose model is passed in.
"""
