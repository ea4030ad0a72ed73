"""The rows of a rival cell, and the arrays read back from them.

Three kinds: what follows a question at every number of demonstrations, what each text says alone, and the
inner products of the question's texts under every kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.studies.columns import models_and_tasks, repeated, where
from taskscope.studies.kernel_regression.draws import Split

SHOTS, ALONE, PRODUCTS = "rivals", "rivals: texts alone", "rivals: products"
"""What the column `part` says."""
SPLITS: tuple[Split, Split] = ("selection", "held-out")
CHOOSE, JUDGE = SPLITS

_TEXT = pa.dictionary(pa.int32(), pa.string())
_NUMBERS = pa.list_(pa.float32())
_FRONT = [
    ("part", _TEXT),
    ("split", _TEXT),
    ("question", pa.int32()),  # number of its text among the test texts
]
SHOTS_SCHEMA = pa.schema(
    [
        *_FRONT,
        ("shots", pa.int16()),
        ("blocks", pa.list_(pa.int16())),  # whose heads vote
        ("logprobs", _NUMBERS),  # (class,) of the model's law over the labels, nats
        ("votes", _NUMBERS),  # (block, head, class) shares of attention on labels
    ]
)
ALONE_SCHEMA = pa.schema(
    [
        *_FRONT,
        ("gold", pa.int16()),
        ("classes", pa.list_(pa.int16())),  # of the demonstrations, in order
        ("alone", _NUMBERS),  # (text, class) law over the labels without demonstrations, the query first
    ]
)
PRODUCTS_SCHEMA = pa.schema(
    [
        *_FRONT,
        ("kernel", _TEXT),
        ("products", _NUMBERS),  # (text, text) inner products of embeddings, the query first
    ]
)


@dataclass(frozen=True)
class Questions:
    """The questions of one split, all seeds together; arrays start with the question."""

    unit: np.ndarray
    """Number of the text that is asked about: the same in two seeds is one unit of resampling."""
    gold: np.ndarray
    classes: np.ndarray
    """(question, demonstration)."""
    alone: np.ndarray
    """(question, text, class) log law, the query first."""
    laws: dict[int, np.ndarray]
    """By shots, (question, class) the model's law over the labels."""
    votes: dict[int, np.ndarray]
    """By shots, (question, site, class)."""
    products: dict[str, np.ndarray]
    """By kernel, (question, text, text)."""

    @property
    def n_classes(self) -> int:
        """Classes of the task."""
        return self.alone.shape[2]

    def answers(self, shots: int) -> np.ndarray:
        """The model's class, int (question,)."""
        return self.laws[shots].argmax(axis=1)


@dataclass(frozen=True)
class Rivals:
    """One model and task."""

    model: str
    task: str
    blocks: tuple[int, ...]
    shots: tuple[int, ...]
    chosen: Questions
    """By which heads and settings are chosen."""
    judged: Questions

    def site(self, number: int) -> tuple[int, int]:
        """Block and head of a site's number."""
        heads = self.chosen.votes[self.shots[0]].shape[1] // len(self.blocks)
        return self.blocks[number // heads], number % heads


def shot_rows(
    split: str,
    question: np.ndarray,
    shots: int,
    blocks: Sequence[int],
    logprobs: np.ndarray,
    votes: np.ndarray,
) -> pa.Table:
    """Lay out what follows the questions of a split; arrays as in `SHOTS_SCHEMA`, (question, ...)."""
    n = len(logprobs)
    columns = (np.full(n, shots), [list(blocks)] * n, _lists(logprobs), _lists(votes))
    return _rows(SHOTS, split, question, SHOTS_SCHEMA, columns)


def alone_rows(
    split: str, question: np.ndarray, gold: np.ndarray, classes: np.ndarray, alone: np.ndarray
) -> pa.Table:
    """Lay out what the texts of a split's questions say alone."""
    return _rows(ALONE, split, question, ALONE_SCHEMA, (gold, _lists(classes), _lists(alone)))


def product_rows(split: str, question: np.ndarray, kernel: str, products: np.ndarray) -> pa.Table:
    """Lay out the inner products of a split's questions under one kernel."""
    columns = (repeated(kernel, len(products)), _lists(products))
    return _rows(PRODUCTS, split, question, PRODUCTS_SCHEMA, columns)


def rivals(rows: pa.Table) -> list[Rivals]:
    """Read every model and task that was measured, in sorted order."""
    if "part" not in rows.column_names:
        return []
    mine = where(rows, part=SHOTS)
    return [_rivals(rows, model, task) for model, task in models_and_tasks(mine)]


def _rivals(rows: pa.Table, model: str, task: str) -> Rivals:
    mine = where(rows, model=model, task=task)
    shown = where(mine, part=SHOTS)
    # A number that one seed's prompts had no room for is left out for all.
    seeds = [set(shown.filter(shown["seed"].to_numpy() == s)["shots"].to_pylist()) for s in _seeds(shown)]
    shots = tuple(sorted(set.intersection(*seeds)))
    parts = [_questions(mine, split, shots) for split in SPLITS]
    return Rivals(model, task, tuple(shown["blocks"][0].as_py()), shots, *parts)


def _seeds(table: pa.Table) -> list[int]:
    return sorted(set(table["seed"].to_pylist()))


def _questions(table: pa.Table, split: str, shots: Sequence[int]) -> Questions:
    alone, shown, products = (where(table, part=p, split=split) for p in (ALONE, SHOTS, PRODUCTS))
    classes = _stacked(alone, "classes").astype(np.int64)
    n, k = classes.shape
    number = shown["shots"].to_numpy()
    by_shots = {each: shown.filter(pa.array(number == each)) for each in shots}
    laws = {each: _law(_stacked(part, "logprobs")) for each, part in by_shots.items()}
    n_classes = laws[shots[0]].shape[1]
    kernels = sorted(set(products["kernel"].to_pylist()))
    return Questions(
        unit=alone["question"].to_numpy(),
        gold=alone["gold"].to_numpy().astype(np.int64),
        classes=classes,
        alone=_stacked(alone, "alone").reshape(n, k + 1, n_classes),
        laws=laws,
        votes={each: _stacked(part, "votes").reshape(n, -1, n_classes) for each, part in by_shots.items()},
        products={
            name: _stacked(where(products, kernel=name), "products").reshape(n, k + 1, k + 1)
            for name in kernels
        },
    )


def _law(logs: np.ndarray) -> np.ndarray:
    law = np.exp(logs - logs.max(axis=1, keepdims=True))
    return law / law.sum(axis=1, keepdims=True)


def _rows(part: str, split: str, question: np.ndarray, schema: pa.Schema, columns: Sequence) -> pa.Table:
    n = len(question)
    whole = (repeated(part, n), repeated(split, n), question, *columns)
    return pa.table([pa.array(c, f.type) for c, f in zip(whole, schema, strict=True)], schema=schema)


def _lists(values: np.ndarray) -> list[np.ndarray]:
    return list(values.reshape(len(values), -1))


def _stacked(table: pa.Table, column: str) -> np.ndarray:
    """Return a column of lists of one length, float64 (row, item)."""
    flat = table[column].combine_chunks().flatten().to_numpy()
    return flat.reshape(table.num_rows, -1).astype(float)
