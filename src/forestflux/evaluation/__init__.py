"""How good, why, and does it hold.

Lives here: scores at towers, differences between models, cost of gaps, ablation, explanations
and their sanity checks, recovery of the simulated planet's truth, other products beside the
maps, and the gates.
In: predictions, maps, truth. Out: tables.
May import: change and below.
"""
