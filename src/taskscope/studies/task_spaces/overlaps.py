"""What words alone say about two tasks: the null that every map is held against (protocol task_spaces E8).

Where two tasks contrast the same words, learning to prefer a word moves both, whatever the grammar. The
words by which good sentences of a task differ from bad ones are one vector a task; the cosine of two vectors
says how alike, or how opposed, the tasks are as bags of words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from taskscope.tasks.minimal_pairs import MinimalPair


def contrast(pairs: Sequence[MinimalPair], n: int) -> Counter[tuple[str, ...]]:
    """Count n-grams of the good sentences less those of the bad ones, in lower case, mean over pairs."""
    found: Counter[tuple[str, ...]] = Counter()
    for pair in pairs:
        for text, sign in ((pair.good, 1), (pair.bad, -1)):
            spoken = words(text)
            for start in range(len(spoken) - n + 1):
                found[tuple(spoken[start : start + n])] += sign
    return Counter({gram: count / len(pairs) for gram, count in found.items() if count})


def cosine(first: Counter[tuple[str, ...]], second: Counter[tuple[str, ...]]) -> float:
    """Cosine of two contrasts; 0 where one of them is empty."""
    lengths = np.sqrt([sum(v * v for v in each.values()) for each in (first, second)])
    if not lengths.all():
        return 0.0
    shared = sum(value * second[gram] for gram, value in first.items() if gram in second)
    return float(shared / lengths.prod())


def words(text: str) -> list[str]:
    """Cut a sentence into words in lower case, punctuation marks by themselves."""
    spaced = "".join(c if c.isalnum() or c in "'-" else f" {c} " for c in text.lower())
    return spaced.split()
