"""Google Earth Engine as a source of satellite layers.

From the product table to images (`layer_groups`, `expressions`), from places to windows of
pixels (`pixel_windows`, `request`), from answers to arrays (`pixel_arrays`); `request_plan`
says what a run would ask, `tower_edges` which towers lie near the edge of a pixel. The
`client` below sends and receives.
"""
