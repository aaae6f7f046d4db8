"""The trained model: folder, intervals, area of applicability, fast inference.

In: members that were trained. Out: a folder that gives fluxes with intervals from masked
series and needs nothing else.
May import: models and below.
"""
