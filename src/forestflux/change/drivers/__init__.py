"""Which input drove the change: effects of departures from the mean year.

In: fluxes and departures of two years, the response. Out: effects per input, as maps and a
table.
"""
