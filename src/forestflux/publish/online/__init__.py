"""The trained ensemble as an expression that Earth Engine evaluates.

In: the trained ensemble and the product table. Out: the image of a year's fluxes (`images`), as an
expression, as a script for the Code Editor, as a task, and as pixels that Earth Engine computed.
"""
