"""Named areas of the Earth as polygons, and the cells of a grid that they hold.

In: a file of a user (`region_paths`, `region_file`, `geojson`), whose polygons are brought into
longitudes from 180 W to 180 E (`region_shapes`, `region_rings`), or polygons that are right
already. Out: the share of each cell of a grid in each area (`cell_shares`), or the area that
holds its centre (`region_cells`). The region of a run (`run_region`) is named by countries
(`country_names`), boxes, files or tiles; its tiles and its part of each cell follow.
"""
