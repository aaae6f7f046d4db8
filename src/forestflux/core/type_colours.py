"""Colours of the forest types, the same in figures, pages and products."""

from forestflux.core.names import FOREST_TYPES

# Tol's bright palette, for any colour vision.
TYPE_COLOURS = dict(
    zip(
        FOREST_TYPES,
        ("#4477AA", "#228833", "#AA3377", "#EE6677", "#CCBB44"),
        strict=True,
    )
)
