"""The classical models that the network is compared with and learns from.

In: samples. Out: regressors of the protocol `forestflux.models.flux_model.FluxModel`.
"""
