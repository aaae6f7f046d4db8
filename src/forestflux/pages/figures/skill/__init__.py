"""Figures of towers, networks and skill.

One module per figure or pair of figures; each has `draw_...(results, *, settings)`.
"""
