"""Damage to files, by a seed: flipped bits, cuts, parts that are doubled, lost or swapped."""

import numpy as np

# Bytes and numbers that readers of binary formats stumble over.
EXTREMES = (b"\x00", b"\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x00" * 8)
# What readers of text stumble over.
TEXTS = (b'"', b",", b"\n", b"\r", b"{", b"]", b"NaN", b"1e999", b"-", b"\xef\xbb\xbf")


def mutate(content: bytes, rng: np.random.Generator) -> bytes:
    """The content with one damage, or with two or three; never the content itself."""
    damaged = content
    for _ in range(int(rng.choice([1, 1, 1, 2, 3]))):
        damaged = DAMAGES[rng.integers(len(DAMAGES))](damaged, rng)
    return damaged if damaged != content else content[:-1]


def choose_part(content: bytes, rng: np.random.Generator) -> tuple[int, int]:
    """First and last position of a part, short ones more often."""
    start = int(rng.integers(0, len(content) + 1))
    length = int(len(content) ** rng.random())
    return start, min(start + length, len(content))


def flip_bits(content: bytes, rng: np.random.Generator) -> bytes:
    """Up to four bits are the others."""
    damaged = bytearray(content)
    for _ in range(int(rng.integers(1, 5)) if content else 0):
        damaged[rng.integers(len(damaged))] ^= 1 << int(rng.integers(8))
    return bytes(damaged)


def cut(content: bytes, rng: np.random.Generator) -> bytes:
    """The file ends early, or begins late."""
    place = int(rng.integers(0, len(content) + 1))
    return content[:place] if rng.random() < 0.8 else content[place:]


def double(content: bytes, rng: np.random.Generator) -> bytes:
    """A part is there twice, or the whole file is."""
    start, stop = choose_part(content, rng) if rng.random() < 0.9 else (0, len(content))
    return content[:stop] + content[start:stop] + content[stop:]


def lose(content: bytes, rng: np.random.Generator) -> bytes:
    """A part is not there."""
    start, stop = choose_part(content, rng)
    return content[:start] + content[stop:]


def blank(content: bytes, rng: np.random.Generator) -> bytes:
    """A part is zero, as on a disk that failed."""
    start, stop = choose_part(content, rng)
    return content[:start] + bytes(stop - start) + content[stop:]


def swap(content: bytes, rng: np.random.Generator) -> bytes:
    """Two parts have changed places."""
    first, middle, second, last = sorted(
        int(place) for place in rng.integers(0, len(content) + 1, 4)
    )
    return (
        content[:first]
        + content[second:last]
        + content[middle:second]
        + content[first:middle]
        + content[last:]
    )


def put(content: bytes, rng: np.random.Generator) -> bytes:
    """Foreign bytes instead of others, or between them."""
    place = int(rng.integers(0, len(content) + 1))
    words = EXTREMES + TEXTS
    new = words[rng.integers(len(words))]
    end = place if rng.random() < 0.5 else place + len(new)
    return content[:place] + new + content[end:]


# Small damages are the harder ones to notice.
DAMAGES = (flip_bits, flip_bits, put, cut, double, lose, blank, swap, put)
