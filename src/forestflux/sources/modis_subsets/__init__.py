"""MODIS subsets of ORNL and AppEEARS, as people download them.

In: a folder of files (`subset_folder`) and the table of layers (`subset_table`). Out: native
images of the towers, and a table of what they come from (`subset_images`).

`subset_reader` recognises each file (`file_kinds`), reads its bands (`ornl`, `appeears`,
`subset_band`) and matches them to towers (`tower_match`). The images of one tower are put
together by `tower_images`.
"""
