"""Random choices that are the same on every machine and with every release of numpy."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Stream:
    """Random choices from the raw stream of a bit generator, which no numpy release changes."""

    def __init__(self, seed: int) -> None:
        self._source = np.random.PCG64(seed)

    @classmethod
    def named(cls, *parts: str | int) -> Stream:
        """Return the stream that belongs to these names and to no others."""
        text = "\x1f".join(map(str, parts))
        return cls(int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big"))

    def below(self, n: int) -> int:
        """Draw a whole number from 0 to n - 1."""
        return int(self._source.random_raw() % n)

    def between(self, low: int, high: int) -> int:
        """Draw a whole number from `low` to `high`, both among them."""
        return low + self.below(high - low + 1)

    def chance(self, share: float) -> bool:
        """Say yes in this share of cases."""
        return self._source.random_raw() / 2**64 < share

    def one_of(self, values: Sequence[T]) -> T:
        """Draw one of the values."""
        return values[self.below(len(values))]

    def some(self, values: Sequence[T], n: int) -> tuple[T, ...]:
        """Draw `n` of the values, each place at most once, in a random order."""
        return self.shuffled(values)[:n]

    def shuffled(self, values: Sequence[T]) -> tuple[T, ...]:
        """Return the values in a random order."""
        keys = [int(self._source.random_raw()) for _ in values]
        return tuple(values[place] for _, place in sorted(zip(keys, range(len(values)), strict=True)))
