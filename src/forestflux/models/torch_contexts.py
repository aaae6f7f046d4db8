"""What makes torch give the same numbers each time: one thread, a seed of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one thread; the number of threads from before comes back.

    One thread fixes the order of every sum, and for a network of this size it is also
    the fastest: jobs run side by side instead.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Torch with this seed; the random state from before comes back."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
