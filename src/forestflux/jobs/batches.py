"""Batches: the years, places, folds and members that one job owns."""

from collections.abc import Callable, Iterable


def batches(items: Iterable, size: int, *, name: Callable[[list], str]) -> dict:
    """Items in groups of `size` by the group's name, in order; the last may be smaller."""
    items = list(items)
    groups = [items[start : start + size] for start in range(0, len(items), size)]
    return {name(group): group for group in groups}


def span(numbers: list[int]) -> str:
    """Name of a group of rising numbers by its ends: `2003-2006`, or `2003` alone."""
    first, last = numbers[0], numbers[-1]
    return f"{first}" if first == last else f"{first}-{last}"
