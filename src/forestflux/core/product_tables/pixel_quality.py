"""Pixel quality: which stored values can be trusted, and the reason where not."""

import numpy as np

from forestflux.core.names import REASONS
from forestflux.core.product_tables.pixel_rules import PixelRules
from forestflux.core.product_tables.products import AverageShare

# The quality band of an average: percent of the cell that is valid in bits 0-6, from bit
# 7 on the commonest reason of the rest.
REASON_BIT = 7


def code(reason: str) -> int:
    """Flag value of a reason."""
    return REASONS.index(reason)


def stored_reason(
    stored: np.ndarray,
    quality: np.ndarray | None,
    rules: PixelRules,
    *,
    absent: float,
    share: AverageShare | None = None,
    min_valid_share: float = 0.0,
) -> np.ndarray:
    """Reason codes from stored values and quality bits, uint8, 0 where valid.

    The first that holds counts: not acquired, fill, a quality rule in the table's
    order, out of the stored range. Where a quality band tells why a pixel has no value
    (MOD11 QC, averages), that cause stands instead of `fill` and `not_acquired`.

    Parameters
    ----------
    stored, quality : of the same shape; no quality where the product has none
    rules : of the product table
    absent : stored value where the archive has nothing
    share : bits of the quality band where the stored values are averages
    min_valid_share : least share of an average's pixels that must be valid, 0-1
    """
    reason = np.zeros(stored.shape, "uint8")
    if rules.valid is not None:
        low, high = rules.valid
        reason[(stored < low) | (stored > high)] = code("out_of_range")
    if quality is None:
        by_quality = np.zeros(stored.shape, "uint8")
    elif share is not None:
        by_quality = share_reason(quality, share, min_valid_share)
    else:
        by_quality = quality_reason(quality, rules)
    reason = np.where(by_quality != 0, by_quality, reason)
    is_absent = np.isnan(stored) if absent != absent else stored == absent
    explained = rules.fill_reason_from_quality or share is not None
    for missing, name in (
        (np.isin(stored, rules.fill), "fill"),
        (is_absent, "not_acquired"),
    ):
        cause = np.full_like(reason, code(name))
        if explained:
            cause = np.where(by_quality != 0, by_quality, cause)
        reason = np.where(missing, cause, reason)
    return reason.astype("uint8")


def quality_reason(quality: np.ndarray, rules: PixelRules) -> np.ndarray:
    """Reason codes from the quality band by the bit rules, uint8; 0 where none holds."""
    reason = np.zeros(quality.shape, "uint8")
    for rule in rules.quality:
        hit = np.isin(bits_of(quality, *rule.bits), rule.values) & (quality >= 0)
        reason[hit & (reason == 0)] = code(rule.reason)
    return reason


def share_reason(
    quality: np.ndarray, share: AverageShare, min_valid_share: float
) -> np.ndarray:
    """Reason codes of averages with too few valid pixels, uint8; 0 where there are enough."""
    # A cell without one valid pixel has no value, whatever share is asked for.
    few = bits_of(quality, *share.percent) < max(100 * min_valid_share, 0.5)
    return np.where(few, bits_of(quality, *share.reason), 0).astype("uint8")


def bits_of(quality: np.ndarray, first: int, last: int) -> np.ndarray:
    """Number in the bits from `first` to `last` of each value, int32."""
    return (quality.astype("int32") >> first) & ((1 << (last - first + 1)) - 1)


def pack_average(percents: dict[str, np.ndarray]) -> np.ndarray:
    """Quality band of an average, uint16: percent that is valid and commonest reason of the rest.

    Parameters
    ----------
    percents : percent of the cell per reason, `valid` among them
        (`PixelRules.counted_reasons`); what is left of 100 was not acquired
    """
    percents = {name: array.astype("int32") for name, array in percents.items()}
    valid = percents.pop("valid")
    names = ["not_acquired", *percents]
    shares = [100 - valid - sum(percents.values()), *percents.values()]
    commonest = np.array([code(name) for name in names])[np.argmax(shares, axis=0)]
    commonest = np.where(valid < 100, commonest, 0)
    return (valid + (commonest << REASON_BIT)).astype("uint16")
