"""Why an estimate is what it is, and whether the reasons can be believed.

In: the trained model and the training table. Out: what hiding a variable in a month changes, signed
contributions, activations, and checks that random networks do not give the same reasons.
"""
