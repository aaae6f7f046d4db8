"""Errors of sums of cells and of changes, from the components that unseen towers showed.

In: the components of the errors, departures of the cells, their areas. Out: the variance of the
error of any weighted sum over years, of cells and of strata.
"""
