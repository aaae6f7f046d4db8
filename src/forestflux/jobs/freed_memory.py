"""What a process does with memory that it has freed."""

import ctypes

# Of malloc.h of the GNU C library (mallopt(3)).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
# Bytes. The largest threshold that the library takes, and freed memory that a process keeps.
LARGEST_KEPT, MOST_KEPT = 32 * 2**20, 256 * 2**20


def keep_freed_memory() -> bool:
    """Keep freed memory for the next array; whether the C library can.

    By default large arrays are handed back to the system when they are freed, and each new one is
    filled with zeros, page by page. Training and inference make thousands of arrays of a few
    megabytes (`python -m benchmarks training_memory`). No number changes. A C library other than
    that of GNU stays as it is.
    """
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    chosen = {M_MMAP_THRESHOLD: LARGEST_KEPT, M_TRIM_THRESHOLD: MOST_KEPT}
    return all(set_option(option, size) == 1 for option, size in chosen.items())
