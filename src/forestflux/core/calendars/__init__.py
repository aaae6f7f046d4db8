"""When: steps of eight days, months, the last year that products cover, the light of a day.

In: years, dates, latitudes. Out: which step or month a day belongs to, and how long each is.
"""
