"""From native numbers to what a model is given.

Lives here: the cube on the common calendar and grid, the mask, the series of forest cells,
the choice of site-years, the training table and its folds.
In: stores of `sources`, tables of `towers`. Out: masked stores and samples
(sample, variable, step) in physical units, NaN where not trusted; nothing is filled.
May import: core, jobs, sources, towers.
"""
