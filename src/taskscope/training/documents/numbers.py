"""Sums, rounding and comparisons, as lists and in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from taskscope.training.documents import formats, wordbank
from taskscope.training.documents.facts import World

_PLACES = {"ten": 10, "hundred": 100}
"""Rounding to a thousand, and comparing by speed, are whole tasks that are never trained on."""


def rounded(number: int, place: int) -> int:
    """Round to a multiple of `place`, halves upward."""
    return (number + place // 2) // place * place


class ArithmeticWriter:
    """Writes sums and rounded numbers; a question in numbers is a fact of one side."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, rng: np.random.Generator) -> str:
        """Write one list of questions of one kind, as formulas or in words."""
        kind = rng.integers(5)
        made = (self._sum, self._difference, self._product, self._rounding, self._rounded_sum)[kind]
        size = 10 ** int(rng.integers(1, 4))
        words = rng.random() < 0.4
        lines = [self._allowed(lambda: made(size, words, rng)) for _ in range(rng.integers(3, 20))]
        middle = " " if words else (" = ", "=", " -> ", ": ")[rng.integers(4)]
        return "".join(f"{x}{middle}{y}\n" for x, y in lines)

    def _allowed(self, make: Callable[[], tuple[str, str, str]]) -> tuple[str, str]:
        while True:
            fact, x, y = make()
            if self._world.split.side("sum", fact) == self._world.side:
                return x, y

    @staticmethod
    def _sum(size: int, words: bool, rng: np.random.Generator) -> tuple[str, str, str]:
        a, b = (int(i) for i in rng.integers(size, size=2))
        x = f"What is {a} plus {b}?" if words else f"{a} + {b}"
        return f"{min(a, b)}+{max(a, b)}", x, str(a + b)

    @staticmethod
    def _difference(size: int, words: bool, rng: np.random.Generator) -> tuple[str, str, str]:
        b, a = sorted(int(i) for i in rng.integers(size, size=2))
        x = f"What is {a} minus {b}?" if words else f"{a} - {b}"
        return f"{min(b, a - b)}+{max(b, a - b)}", x, str(a - b)

    @staticmethod
    def _product(size: int, words: bool, rng: np.random.Generator) -> tuple[str, str, str]:
        a, b = (int(i) for i in rng.integers(13, size=2))
        x = f"What is {a} times {b}?" if words else f"{a} * {b}"
        return f"{min(a, b)}*{max(a, b)}", x, str(a * b)

    @staticmethod
    def _rounding(size: int, words: bool, rng: np.random.Generator) -> tuple[str, str, str]:
        name = list(_PLACES)[rng.integers(len(_PLACES))]
        a = int(rng.integers(10 * size))
        x = f"{a} rounded to the nearest {name} is" if words else f"round {a} to the nearest {name}"
        return f"{a}~{name}", x, str(rounded(a, _PLACES[name]))

    @staticmethod
    def _rounded_sum(size: int, words: bool, rng: np.random.Generator) -> tuple[str, str, str]:
        a, b = (int(i) for i in rng.integers(10 * size, size=2))
        x = f"To the nearest ten, {a} plus {b} is about" if words else f"{a} + {b} to the nearest ten"
        return f"{min(a, b)}+{max(a, b)}", x, str(rounded(a + b, 10))


class ComparisonWriter:
    """Writes comparisons of numbers and of the sizes of things."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sizes: dict[str, float] = wordbank.load("sizes")

    def __call__(self, rng: np.random.Generator) -> str:
        """Write one list of comparisons of one kind."""
        n = int(rng.integers(3, 16))
        if rng.random() < 0.4:
            return self._numbers(n, rng)
        return self._things(n, rng)

    def _numbers(self, n: int, rng: np.random.Generator) -> str:
        larger = rng.random() < 0.5
        size, word = 10 ** int(rng.integers(1, 4)), "larger" if larger else "smaller"
        frame = (
            f"Which is {word}, {{a}} or {{b}}? {{y}}\n",
            f"{{a}}, {{b}}; {word}: {{y}}\n",
            "{a} or {b} -> {y}\n",
        )
        chosen, lines = frame[rng.integers(len(frame))], []
        while len(lines) < n:
            a, b = (int(i) for i in rng.integers(size, size=2))
            if a != b and self._allowed(f"{min(a, b)}<{max(a, b)}"):
                lines.append(chosen.format(a=a, b=b, y=max(a, b) if larger else min(a, b)))
        return "".join(lines)

    def _things(self, n: int, rng: np.random.Generator) -> str:
        names, bigger = list(self._sizes), rng.random() < 0.5
        form, style, lines = formats.draw(rng), int(rng.integers(3)), []
        while len(lines) < n:
            a, b = (names[i] for i in rng.integers(len(names), size=2))
            low, high = sorted((a, b), key=self._sizes.__getitem__)
            if self._sizes[high] < 1.5 * self._sizes[low] or not self._allowed(f"{low}<{high}"):
                continue
            lines.append(_thing_line(style, bigger, (a, b), (low, high), form))
        return "".join(lines)

    def _allowed(self, fact: str) -> bool:
        return self._world.split.side("comparison", fact) == self._world.side


def _thing_line(
    style: int, bigger: bool, shown: Sequence[str], order: Sequence[str], form: formats.LineFormat
) -> str:
    (a, b), (low, high) = shown, order
    answer = high if bigger else low
    if style == 0:
        return form.write((f"{a}, {b}", answer))
    if style == 1:
        return f"Which is {'bigger' if bigger else 'smaller'}, the {a} or the {b}? The {answer}.\n"
    first, second, word = (high, low, "bigger") if bigger else (low, high, "smaller")
    return f"The {first} is {word} than the {second}.\n"
