"""What a model answers with a function vector or one of its controls added (FV-5, FV-6, FV-7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.studies.task_vectors.heads.choice import Chosen, counts_tried, random_sets
from taskscope.studies.task_vectors.heads.draws import Asked, TaskPrompts
from taskscope.studies.task_vectors.heads.elsewhere import elsewhere_rows
from taskscope.studies.task_vectors.heads.rows import (
    LAYER,
    OTHER,
    OWN,
    RANDOM,
    RANDOM_HEADS,
    SWAPPED,
    VECTOR,
    ZERO_SHOT,
    Queries,
    queries,
)
from taskscope.studies.task_vectors.params import HeadParams
from taskscope.studies.task_vectors.selection import first_highest

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

Label = tuple[str, int, int]
"""Condition, repeat, and how many heads are behind it."""
_TAKEN_ELSEWHERE = ((VECTOR, 0), (OTHER, 0), (RANDOM_HEADS, 0), (RANDOM, 0))
"""Condition and repeat of what is added in other surroundings too."""


@dataclass(frozen=True)
class Ingredients:
    """What the vectors of one task are made of."""

    sites: np.ndarray
    """(head, 2) block and head."""
    size: int
    """Heads in a function vector."""
    means: np.ndarray
    """(head, head_dim)."""
    other: np.ndarray | None
    """(head, head_dim) of another task; None where there is none."""
    layers: np.ndarray
    """(block, d_model)."""
    chosen: Chosen

    def sum(self, heads: np.ndarray, model: LanguageModel, means: np.ndarray | None = None) -> np.ndarray:
        """Sum what some heads write on average, (d_model,), without bias (FV-5)."""
        sites = [(int(block), int(head)) for block, head in self.sites[heads]]
        return model.head_writes((self.means if means is None else means)[heads], sites).sum(axis=0)


def answer_rows(
    drawn: TaskPrompts,
    made: Ingredients,
    params: HeadParams,
    model: LanguageModel,
    rng: np.random.Generator,
) -> list[pa.Table]:
    """Ask the queries of one task in every context, with nothing added and with every vector added."""
    test, both = queries(drawn, ("test",)), queries(drawn, ("dev", "test"))
    asked = (*drawn.dev, *drawn.test)
    vectors = _vectors(made, len(asked), params, model, rng)
    bare = _swept([one.bare for one in asked], asked, vectors, model)
    tables = _laid_out(both, ZERO_SHOT, bare)
    chosen = first_highest(bare[VECTOR, 0, made.size][: len(drawn.dev)].mean(axis=0))
    tables += _by_number(test, drawn.test, made, chosen, model, rng)
    kept = {key: value[: len(test.items)] for key, value in vectors.items() if _behind_swapped(key)}
    swapped = _swept([one.swapped for one in drawn.test], drawn.test, kept, model)
    tables += _laid_out(test, SWAPPED, swapped)
    added = {key[0]: value[0, chosen] for key, value in vectors.items() if key[:2] in _TAKEN_ELSEWHERE}
    return tables + elsewhere_rows(drawn, added, made.size, chosen, params, model, rng)


def _behind_swapped(key: Label) -> bool:
    """Whether a vector is also added behind swapped labels."""
    condition, repeat, _ = key
    return repeat == 0 and condition in (VECTOR, RANDOM_HEADS, LAYER)


def _vectors(
    made: Ingredients, n: int, params: HeadParams, model: LanguageModel, rng: np.random.Generator
) -> dict[Label, np.ndarray]:
    """Make everything that is added, each (query, block, d_model)."""
    size, heads = made.size, made.chosen.shared[: made.size]
    vector = made.sum(heads, model)
    noise = rng.standard_normal((n, model.n_blocks, model.d_model), dtype=np.float32)
    noise *= np.linalg.norm(vector) / np.linalg.norm(noise, axis=-1, keepdims=True)
    single = {
        (VECTOR, 0, size): vector,
        (OWN, 0, size): made.sum(made.chosen.own[:size], model),
    }
    if made.other is not None:
        single[OTHER, 0, size] = made.sum(heads, model, made.other)
    sets = random_sets(len(made.sites), heads, size, params.n_random_sets, rng)
    single |= {(RANDOM_HEADS, i, size): made.sum(some, model) for i, some in enumerate(sets)}
    shape = (n, model.n_blocks, model.d_model)
    found = {key: np.broadcast_to(value, shape) for key, value in single.items()}
    return {**found, (RANDOM, 0, 0): noise, (LAYER, 0, 0): np.broadcast_to(made.layers, shape)}


def _swept(
    texts: Sequence[str],
    asked: Sequence[Asked],
    vectors: dict[Label, np.ndarray],
    model: LanguageModel,
    blocks: Sequence[int] | None = None,
) -> dict[Label, np.ndarray]:
    """Add every vector after every block in turn: (query, block) bool, whether the answer is right."""
    named = {str(i): vector for i, vector in enumerate(vectors.values())}
    gold = {"gold": [one.gold for one in asked]}
    swept = model.sweep(texts, named, gold, blocks="all" if blocks is None else blocks, mode="add")
    return dict(zip(vectors, swept.correct["gold"], strict=True))


def _by_number(
    test: Queries,
    asked: Sequence[Asked],
    made: Ingredients,
    block: int,
    model: LanguageModel,
    rng: np.random.Generator,
) -> list[pa.Table]:
    """Add sums of more and of fewer heads after one block, chosen ones and random ones (FV-6 e)."""
    vectors = {}
    for n in counts_tried(made.size, len(made.sites)):
        if n == made.size:
            continue  # asked after every block already
        heads = made.chosen.shared[:n]
        [drawn] = random_sets(len(made.sites), heads, n, 1, rng)
        for condition, some in ((VECTOR, heads), (RANDOM_HEADS, drawn)):
            if len(some) == n:
                vector = made.sum(some, model)
                vectors[condition, 0, n] = np.broadcast_to(vector, (len(asked), 1, model.d_model))
    if not vectors:
        return []
    return _laid_out(
        test, ZERO_SHOT, _swept([one.bare for one in asked], asked, vectors, model, [block]), [block]
    )


def _laid_out(
    queries: Queries,
    context: str,
    found: dict[Label, np.ndarray],
    blocks: Sequence[int] | None = None,
) -> list[pa.Table]:
    return [
        queries.rows(
            context,
            condition,
            right,
            range(right.shape[1]) if blocks is None else blocks,
            repeat=repeat,
            n_heads=n_heads,
        )
        for (condition, repeat, n_heads), right in found.items()
    ]
