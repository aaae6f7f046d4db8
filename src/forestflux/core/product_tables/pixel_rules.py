"""Pixel rules: which pixels of a product are trusted, and which of them make a cell's mean."""

from typing import Annotated

from pydantic import AfterValidator

from forestflux.core.names import REASONS
from forestflux.core.reading.typed_input import FrozenModel

Number = int | float


def check_reason(name: str) -> str:
    """The name of a reason as it is; another name is refused."""
    if name not in REASONS:
        raise ValueError(f"one of {', '.join(REASONS)}")
    return name


class QualityRule(FrozenModel):
    """Values of some bits of a quality band for which a pixel is not trusted."""

    bits: tuple[int, int]
    """First and last bit."""
    values: tuple[int, ...]
    """Numbers in these bits for which the rule holds."""
    reason: Annotated[str, AfterValidator(check_reason)]
    """Why a pixel is not trusted then."""


class PixelRules(FrozenModel):
    """Which pixels of a product are trusted; of several rules that hold the first counts."""

    fill: tuple[Number, ...] = ()
    """Stored values that stand for nothing: water, barren land, not produced."""
    valid: tuple[Number, Number] | None = None
    """Least and greatest stored value."""
    quality: tuple[QualityRule, ...] = ()
    fill_reason_from_quality: bool = False
    """Whether the quality band says why a pixel has no value."""

    @property
    def quality_reasons(self) -> tuple[str, ...]:
        """Reasons that the quality rules can give, in their order, each once."""
        return tuple(dict.fromkeys(rule.reason for rule in self.quality))

    @property
    def counted_reasons(self) -> tuple[str, ...]:
        """Reasons whose share of a cell an average counts; what is left was not acquired."""
        fill = ("fill",) if self.fill else ()
        return tuple(dict.fromkeys((*fill, *self.quality_reasons, "out_of_range")))


class Average(PixelRules):
    """Rules for finer pixels that are averaged over a cell before anything is stored."""

    valid: tuple[Number, Number]
    pixel_quality_absent: int
    """Quality of a pixel that has none."""
    pixel_quality_dtype: str = "uint8"
    """Type of a pixel's quality where pixels are weighed here."""
    max_pixels: int = 1024
    """Most pixels under a cell where Earth Engine averages them."""
