"""Which maps are asked about, and the demonstrations and queries of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taskscope.errors import TaskError
from taskscope.studies.randomness import stream
from taskscope.studies.structured_tasks.params import MapParams
from taskscope.tasks import label_words
from taskscope.tasks.classification import ClassificationTask
from taskscope.tasks.label_maps import ResponseMap, natural_map, random_map

RANDOM = "random"
NATURAL = ("synonym", "antonym", "keyword")
"""Kinds of maps that name a relation people know (E5)."""


def maps_of(
    task: ClassificationTask, words: Sequence[str], seed: int, params: MapParams
) -> dict[str, list[ResponseMap]]:
    """Draw the maps of every kind; a natural kind that is not known for every label is left out.

    Args:
        task: Whose labels are mapped.
        words: Candidates for random images.
        seed: Decides the draws.
        params: How many of each kind.
    """

    def rng(kind: str) -> np.random.Generator:
        return stream("structured-tasks maps", task.fingerprint, seed, kind)

    draw = rng(RANDOM)
    found = {RANDOM: [random_map(task.labels, words, draw) for _ in range(params.n_maps)]}
    for kind in NATURAL:
        draw, lists = rng(kind), label_words.load(kind)
        try:
            found[kind] = [natural_map(kind, task.labels, lists, draw) for _ in range(params.n_natural)]
        except TaskError:  # no list for these labels
            continue
    return found


def word_sets(task: ClassificationTask, kind: str, number: int, seed: int, params: MapParams) -> np.ndarray:
    """Draw the classes of the demonstrations of the renaming alone, (set, shot), as texts would come."""
    rng = stream("structured-tasks words", task.fingerprint, seed, kind, number)
    shares = np.array(task.counts("pool"), float)
    size = (params.n_word_sets, params.map_shots)
    return rng.choice(len(task.classes), size=size, p=shares / shares.sum())
