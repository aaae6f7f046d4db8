"""Where: grids of cells and their tiles, areas, places, distances, land and forest.

In: resolutions, windows, coordinates. Out: frozen grids, cell areas in m2, tiles by name.
"""
