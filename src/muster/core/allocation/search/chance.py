"""Chance that is the same in compiled code and in plain Python, from one seed."""

from __future__ import annotations

from typing import Final

import numpy as np

from muster.core.allocation.kernel import inlined
from muster.core.allocation.problem import Floats, Ints

FIRST: Final = 0
"""Entries of `counts` that hold the generator's state."""
SECOND: Final = 1

QUANTILES: Final = 4096
MODULUS_1: Final = 2147483563
MODULUS_2: Final = 2147483399


def seeded(seed: int) -> tuple[int, int]:
    """The generator's first state."""
    words = np.random.SeedSequence(seed).generate_state(2)
    return 1 + int(words[0]) % (MODULUS_1 - 1), 1 + int(words[1]) % (MODULUS_2 - 1)


def exponential_quantiles() -> Floats:
    """(QUANTILES,) of the exponential distribution with mean 1: logarithms looked up, because two
    mathematical libraries may differ in their last bit."""
    return -np.log1p(-(np.arange(QUANTILES) + 0.5) / QUANTILES)


@inlined
def draw(counts: Ints) -> float:
    """The next number in (0, 1), by two linear congruential generators combined (L'Ecuyer,
    *Efficient and Portable Combined Random Number Generators*, CACM 31(6), 1988)."""
    first = counts[FIRST] * 40014 % MODULUS_1
    second = counts[SECOND] * 40692 % MODULUS_2
    counts[FIRST] = first
    counts[SECOND] = second
    mixed = first - second
    if mixed < 1:
        mixed += MODULUS_1 - 1
    return mixed * 4.656613057391769e-10


@inlined
def draw_below(counts: Ints, limit: int) -> int:
    """The next integer in 0 .. limit - 1."""
    return min(int(draw(counts) * limit), limit - 1)


@inlined
def draw_exponential(counts: Ints, numbers: Floats) -> float:
    """The next number from the exponential distribution with mean 1; its quantiles are the last of
    `numbers`."""
    return numbers[numbers.shape[0] - 1 - draw_below(counts, QUANTILES)]
