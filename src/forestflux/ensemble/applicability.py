"""Area of applicability: where the scores and intervals of the folds can be believed.

A row whose dissimilarity index is larger than the largest one among the training rows that is
no outlier is outside (Meyer and Pebesma 2021, doi 10.1111/2041-210X.13650): the network may
be right there, but no measurement says so. `forestflux.ensemble.applicability_fitting` finds
the area of trained networks.
"""

from dataclasses import dataclass

import numpy as np

from forestflux.ensemble.dissimilarity import Reference


@dataclass(frozen=True)
class Applicability:
    """A reference with the index beyond which a row is outside.

    Attributes
    ----------
    reference : of the training rows
    threshold : largest dissimilarity index inside
    """

    reference: Reference
    threshold: float

    def inside(self, dissimilarity: np.ndarray) -> np.ndarray:
        """Whether rows are inside, bool; rows without an index are not."""
        return np.asarray(dissimilarity) <= self.threshold

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Plain arrays; `Applicability.from_arrays` reads them."""
        names = ("mean", "factor", "share", "points", "mean_distance")
        arrays = {name: np.asarray(getattr(self.reference, name)) for name in names}
        return {**arrays, "threshold": np.asarray(self.threshold)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> "Applicability":
        """The same from plain arrays."""
        reference = Reference(
            mean=arrays["mean"],
            factor=arrays["factor"],
            share=arrays["share"],
            points=arrays["points"],
            mean_distance=float(arrays["mean_distance"]),
        )
        return cls(reference, float(arrays["threshold"]))
