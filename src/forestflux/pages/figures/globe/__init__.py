"""Figures of maps, totals, change and the recovered truth.

One module per figure or pair of figures; each has `draw_...(results, *, settings)`.
"""
