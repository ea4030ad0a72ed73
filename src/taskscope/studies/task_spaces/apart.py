"""Pairs to learn from and pairs to judge by that have no content word in common, over all tasks (E8).

Every content word is put on one of two sides; pairs whose content words all stand on the first are learned
from, those of the second judge, and the rest is left out. So what is learned of one noun or verb cannot help
with another pair of any task; what is left in common are words of grammar, which many tasks are about, and
words of a task's frame, which stand in most of its pairs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np

from taskscope.studies.randomness import stream
from taskscope.studies.task_spaces.choosing import Half
from taskscope.studies.task_spaces.overlaps import words
from taskscope.studies.task_spaces.params import PairParams
from taskscope.tasks.minimal_pairs import MinimalPair, Paradigm

FEWEST = 4
"""Pairs on either side below which a task is left out."""
_STEM = 3
"""Letters by which forms of one word are kept together: bird and birds."""
_SWEEPS = 3


def apart(paradigms: Sequence[Paradigm], seed: int, params: PairParams) -> dict[str, Half]:
    """Choose pairs by paradigm; those with too few on either side are not in it."""
    found, ordered = {}, tuple(sorted(paradigms, key=lambda paradigm: paradigm.name))
    for paradigm, (learned, judged) in zip(ordered, _sides(ordered, seed), strict=True):
        if min(len(learned), len(judged)) >= FEWEST:
            order = stream("task-spaces apart", paradigm.fingerprint, seed)
            train = [learned[i] for i in order.permutation(len(learned))[: params.n_train]]
            test = [judged[i] for i in order.permutation(len(judged))[: params.n_eval]]
            found[paradigm.name] = Half(tuple(train), tuple(test))
    return found


def content(pair: MinimalPair) -> frozenset[str]:
    """Return the first letters of the words of both sentences that are no words of grammar.

    Those are scikit-learn's stop words.
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    every = {*words(pair.good), *words(pair.bad)} - ENGLISH_STOP_WORDS
    return frozenset(word[:_STEM] for word in every if word[0].isalpha())


Dealt = list[tuple[list[MinimalPair], list[MinimalPair]]]


@cache
def _sides(paradigms: tuple[Paradigm, ...], seed: int) -> Dealt:
    """Deal words to sides so that many pairs of each paradigm are left: for each, pairs of either side.

    Starting at random, a word changes sides where more pairs are left then, counted by the smaller side and
    in logarithms, so that no paradigm is given up for another.
    """
    pairs = [
        list({(p.good, p.bad): p for p in each.pairs if not p.is_identical}.values()) for each in paradigms
    ]
    held = [[content(pair) for pair in each] for each in pairs]
    frame = frames(held)
    held = [[some - frame for some in each] for each in held]
    names = sorted({name for each in held for some in each for name in some})
    second = dict(zip(names, stream("task-spaces sides", seed, names).random(len(names)) < 0.5, strict=True))
    size = [np.array([len(some) for some in each]) for each in held]
    count = [np.array([sum(second[name] for name in some) for some in each]) for each in held]
    where = {name: _rows(held, name) for name in names}
    for _ in range(_SWEEPS):
        changed = False
        for name in names:
            step = -1 if second[name] else 1
            gain = 0.0
            for task, rows in where[name]:
                before = _left(count[task], size[task])
                count[task][rows] += step
                gain += np.log1p(_left(count[task], size[task])) - np.log1p(before)
            if gain > 1e-12:
                second[name], changed = not second[name], True
            else:
                for task, rows in where[name]:
                    count[task][rows] -= step
        if not changed:
            break
    return [
        (
            [pair for pair, n in zip(own, c, strict=True) if n == 0],
            [pair for pair, n, most in zip(own, c, s, strict=True) if n == most and most > 0],
        )
        for own, c, s in zip(pairs, count, size, strict=True)
    ]


def frames(held: Sequence[Sequence[frozenset[str]]]) -> set[str]:
    """Return content words that stand in more than half of the pairs of some paradigm."""
    found: set[str] = set()
    for each in held:
        counts = Counter(name for some in each for name in some)
        found |= {name for name, count in counts.items() if count > len(each) / 2}
    return found


def _rows(held: list[list[frozenset[str]]], name: str) -> list[tuple[int, np.ndarray]]:
    rows = [(task, np.array([i for i, s in enumerate(each) if name in s])) for task, each in enumerate(held)]
    return [(task, at) for task, at in rows if len(at)]


def _left(count: np.ndarray, size: np.ndarray) -> int:
    return int(min((count == 0).sum(), ((count == size) & (size > 0)).sum()))
