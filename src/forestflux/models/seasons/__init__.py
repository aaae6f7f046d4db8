"""How the fluxes of a year fall on its months: a network of rates, and simpler models beside it.

In: samples and monthly fluxes of their towers. Out: the share of each month in GPP and RECO of the
year. Shares are never negative and sum to 1, so that months add up to the year whatever model gave
the year.
"""
