"""MODIS subsets of ORNL and AppEEARS, as people download them.

In: a folder of files and the table of layers. Out: native images of the towers, and a report
of what was read.
"""
