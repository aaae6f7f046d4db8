"""What a variable, a cell, a step, a place and a layer are.

Lives here: names and units, the table of published layers, climates, and the one error that a
user is meant to read; in rooms of their own the calendar of eight-day steps (`calendars`), grids,
tiles and land (`grids`), the product table and the bits of pixel quality (`product_tables`),
polygons of regions (`regions`), files and texts that are read (`reading`).
In: numbers, the product table's YAML, files of regions and borders. Out: frozen values and plain
functions.
May import: nothing of this project.
"""
