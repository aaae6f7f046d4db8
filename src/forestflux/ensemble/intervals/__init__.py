"""Intervals of single estimates: calibrated on unseen towers, wider where inputs are missing.

In: predictions of towers that the networks had not seen. Out: half-widths by forest type, and how
much wider they are with gaps.
"""
