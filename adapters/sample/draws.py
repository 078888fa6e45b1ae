"""Random draws that are the same on every machine and in any order.

A draw is a hash of its purpose, so that a store's draws in May do not depend on those in April.
Only integers are used, since processors disagree on the last digit of a logarithm.
"""

import hashlib
import math
from itertools import count, pairwise
from statistics import NormalDist
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.int64]
Draws: TypeAlias = NDArray[np.uint64]
Flags: TypeAlias = NDArray[np.bool_]

_GOLDEN: Final = 0.6180339887498949


def draw(purpose: str, seed: int, at: Numbers) -> Draws:
    """Draw 64 random bits for each number in `at`; equal arguments draw equal bits (SplitMix64)."""
    digest = hashlib.blake2b(f"{seed}/{purpose}".encode(), digest_size=8).digest()
    bits = at.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    bits += np.uint64(int.from_bytes(digest, "big"))
    bits ^= bits >> np.uint64(30)
    bits *= np.uint64(0xBF58476D1CE4E5B9)
    bits ^= bits >> np.uint64(27)
    bits *= np.uint64(0x94D049BB133111EB)
    bits ^= bits >> np.uint64(31)
    return bits


def below(limit: int, draws: Draws, skip_bits: int = 0) -> Numbers:
    """Turn draws into numbers from 0 to `limit - 1`; skipping other bits makes other numbers."""
    chosen = draws >> np.uint64(skip_bits)
    chosen %= np.uint64(limit)
    return chosen.astype(np.int64)


def spread(ratio: float, purpose: str, seed: int, at: Numbers, of: int) -> Numbers:
    """Give each number in `at` a rank from 0 to `of - 1`, evenly spread among neighbors.

    Uses a low-discrepancy sequence with the irrational `ratio`: every few dozen neighbors cover the
    whole range, whereas plain draws could leave a month without a large store.
    """
    start = draw(purpose, seed, np.zeros(1, np.int64)) >> np.uint64(32)
    step = np.uint64(round(ratio * 2**32))
    fraction = (at.astype(np.uint64) * step + start) & np.uint64(2**32 - 1)
    return (fraction * np.uint64(of) >> np.uint64(32)).astype(np.int64)


def stride(places: int) -> int:
    """Return a large step that visits all of so many places."""
    step = max(1, int(places * _GOLDEN))
    return next(each for each in count(step) if math.gcd(each, places) == 1)


def log_normal(size: int, median: int, sigma: float) -> Numbers:
    """Return the quantiles of a log-normal distribution in rising order, as whole numbers."""
    normal = NormalDist()
    ranks = ((rank + 0.5) / size for rank in range(size))
    return np.array([round(median * math.exp(sigma * normal.inv_cdf(u))) for u in ranks], np.int64)


def interpolated(knots: tuple[tuple[int, int], ...], size: int) -> list[int]:
    """Interpolate linearly between (place, height) knots; return the heights at 0 to `size - 1`."""
    heights = []
    for (left, low), (right, high) in pairwise(knots):
        heights += [low + (high - low) * (x - left) // (right - left) for x in range(left, right)]
    return heights + [knots[-1][1]] * (size - len(heights))
