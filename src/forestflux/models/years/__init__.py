"""How the years of one place differ: the response, and predictions of level and response.

In: samples and predictions of each year by itself. Out: coefficients and predictions.
"""
