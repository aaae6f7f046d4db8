"""What a variable, a cell, a step, a place and a layer are.

Lives here: names and units, the calendar of eight-day steps, the grid and its tiles,
land, climates, polygons of regions, the product table, the bits of pixel quality, the table
of published layers, and the one error that a user is meant to read.
In: nothing but numbers and the product table's YAML. Out: frozen values and plain functions.
May import: nothing of this project.
"""
