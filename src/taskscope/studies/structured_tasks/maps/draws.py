"""Which maps are asked about, and the demonstrations and queries of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from taskscope.errors import TaskError
from taskscope.studies.randomness import stream
from taskscope.studies.structured_tasks.params import MapParams
from taskscope.tasks import label_words
from taskscope.tasks.classification import ClassificationTask
from taskscope.tasks.label_maps import ResponseMap, natural_map, order_map, random_map
from taskscope.tasks.thesaurus import Rings

RANDOM = "random"
NATURAL = ("synonym", "antonym", "keyword")
"""Kinds of maps that name a relation people know (E5)."""
ORDERS = ("identity", "order-1", "order-2", "order-3", "order-4", "order-5")
"""Kinds of maps along a chain of synonyms, by their order (E6)."""


def random_maps(task: ClassificationTask, words: Sequence[str], seed: int, n: int) -> list[ResponseMap]:
    """Draw random maps; a smaller number is the first of a larger one.

    Args:
        task: Whose labels are mapped.
        words: Candidates for their images.
        seed: Decides the draws.
        n: How many.
    """
    rng = stream("structured-tasks maps", task.fingerprint, seed, RANDOM)
    return [random_map(task.labels, words, rng) for _ in range(n)]


def maps_of(
    task: ClassificationTask,
    words: Sequence[str],
    seed: int,
    params: MapParams,
    rings: Rings | None = None,
    others: Mapping[str, Callable[[np.random.Generator], ResponseMap]] | None = None,
) -> dict[str, list[ResponseMap]]:
    """Draw the maps of every kind; a natural kind that is not known for every label is left out.

    Args:
        task: Whose labels are mapped.
        words: Candidates for random images.
        seed: Decides the draws.
        params: How many of each kind.
        others: Makers of random maps of other kinds, by kind.
        rings: Words at each distance from every label; chains stop at the last order that all labels reach.
    """

    def rng(kind: str) -> np.random.Generator:
        return stream("structured-tasks maps", task.fingerprint, seed, kind)

    found = {RANDOM: random_maps(task, words, seed, params.n_maps)}
    for kind in NATURAL:
        draw, lists = rng(kind), label_words.load(kind)
        try:
            found[kind] = [natural_map(kind, task.labels, lists, draw) for _ in range(params.n_natural)]
        except TaskError:  # no list for these labels
            continue
    for kind, make in (others or {}).items():
        draw = rng(kind)
        found[kind] = [make(draw) for _ in range(params.n_natural)]
    if rings is not None:
        for order, kind in enumerate(ORDERS[: rings.depth + 1]):
            draw = rng(kind)
            found[kind] = [order_map(order, task.labels, rings.words, draw) for _ in range(params.n_natural)]
    return found


def word_sets(task: ClassificationTask, kind: str, number: int, seed: int, params: MapParams) -> np.ndarray:
    """Draw the classes of the demonstrations of the renaming alone, (set, shot), as texts would come."""
    rng = stream("structured-tasks words", task.fingerprint, seed, kind, number)
    shares = np.array(task.counts("pool"), float)
    size = (params.n_word_sets, params.map_shots)
    return rng.choice(len(task.classes), size=size, p=shares / shares.sum())
