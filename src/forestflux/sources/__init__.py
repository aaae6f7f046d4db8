"""Native numbers of a place and year.

Lives here: the protocol of a source and its three kinds: the simulated planet, Google Earth
Engine, and a user's own files (tables and MODIS subsets).
In: the product table, a place, a year. Out: native integers and quality bands as the product
stores them; nothing is scaled, masked or filled.
May import: core, jobs. Knows no fluxes of towers but those of the simulated planet, which it
makes.
"""
