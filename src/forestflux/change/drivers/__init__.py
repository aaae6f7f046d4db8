"""Which input drove the change: one-at-a-time attribution.

In: masked tiles of two years and the trained model. Out: effects per input, as maps and a
table.
"""
