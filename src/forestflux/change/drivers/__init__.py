"""Which input drove the change: runs that swap one input's year at a time.

In: masked tiles of two years and the trained model. Out: effects per input, as maps and a
table.
"""
