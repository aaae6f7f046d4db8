"""Errors of the fluxes by their components: of a place, of its response, and of single years.

In: predictions of towers that the networks had not seen. Out: how large each component is and
how far it reaches in space and time, from which the error of any sum of cells and years follows.
"""
