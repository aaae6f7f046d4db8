"""The simulated planet: climate, forests, sensors, towers, and the true fluxes.

A seeded planet with real coastlines whose fluxes are known everywhere, so that maps,
intervals and change can be scored. `simulated_source` is the source; everything else says
how the planet is made.
"""
