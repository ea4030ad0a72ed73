"""The rows of weight cells as arrays: model by model, one setting for each task, template and seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from scipy.special import softmax

from taskscope.studies.columns import coded, where
from taskscope.studies.kernel_regression.weights.aggregating import AGGREGATIONS, PUBLISHED
from taskscope.studies.kernel_regression.weights.rows import (
    MASSES,
    PART,
    PERMUTED,
    PLAIN,
    RANDOM_WEIGHTS,
    REORDERED,
    STRIP,
)

SELECTION, HELD_OUT = "selection", "held-out"
AFTER_FIRST_THIRD = 1 / 3
"""Relative depth from which blocks count as middle to upper (M1)."""


@dataclass(frozen=True)
class Heads:
    """The heads whose attention is known."""

    blocks: tuple[int, ...]
    per_block: int
    n_blocks: int
    """Blocks of the model, as far as they are known: one more than the last."""

    def __len__(self) -> int:
        return len(self.blocks) * self.per_block

    @property
    def sites(self) -> np.ndarray:
        """(head, 2) block and number of each head."""
        block, head = np.repeat(self.blocks, self.per_block), np.tile(range(self.per_block), len(self.blocks))
        return np.column_stack([block, head])

    @property
    def depth(self) -> np.ndarray:
        """(head,) relative depth of each head's block, from 0 to 1, by the middle of the block."""
        return (self.sites[:, 0] + 0.5) / self.n_blocks

    def name(self, head: int) -> str:
        """Name a head: ``block 3 head 1``."""
        block, number = self.sites[head]
        return f"block {block} head {number}"


@dataclass(frozen=True)
class Answers:
    """Questions under one condition; arrays start with the question."""

    query: np.ndarray
    order: np.ndarray
    gold: np.ndarray
    predicted: np.ndarray
    laws: np.ndarray
    """(question, class) probability of each label among the labels; NaN where none was asked for."""
    shown: np.ndarray
    """(question, demonstration) class of each, empty without demonstrations."""
    votes: np.ndarray
    """(question, aggregation, head) class voted for, empty where attention was not read."""
    shares: np.ndarray
    """(question, head, class) of the published aggregation, likewise."""
    masses: dict[str, np.ndarray]
    """By name, (question, head)."""

    @property
    def published_votes(self) -> np.ndarray:
        """(question, head) votes of the published aggregation."""
        return self.votes[:, AGGREGATIONS.index(PUBLISHED)]


@dataclass(frozen=True)
class Setting:
    """One task in one template with one seed."""

    task: str
    template: str
    seed: int
    n_classes: int
    heads: Heads
    answers: dict[tuple[str, str], Answers]
    """By (split, condition)."""

    @property
    def name(self) -> str:
        """Names it in tables."""
        return f"{self.task}, {self.template}, seed {self.seed}"

    @property
    def selection(self) -> Answers:
        """Questions by which a head is chosen."""
        return self.answers[SELECTION, PLAIN]

    @property
    def held_out(self) -> Answers:
        """Questions by which it is judged."""
        return self.answers[HELD_OUT, PLAIN]

    @property
    def permuted(self) -> Answers:
        """The same with the texts of demonstrations moved."""
        return self.answers[HELD_OUT, PERMUTED]

    @property
    def random_weights(self) -> Answers | None:
        """What a model with random weights looks at; None where none was made."""
        return self.answers.get((SELECTION, RANDOM_WEIGHTS))

    @cached_property
    def among_orders(self) -> np.ndarray:
        """(question,) share of other orders in which the model gives the same answer (M12b)."""
        first, other = self.held_out, self.answers[HELD_OUT, REORDERED]
        answers = np.stack([other.predicted[other.order == order] for order in np.unique(other.order)])
        return (answers == first.predicted).mean(axis=0)


def settings(rows: pa.Table) -> dict[str, list[Setting]]:
    """Read every setting, by model, in sorted order; empty where none was measured."""
    if "part" not in rows.column_names:
        return {}
    table = where(rows, part=PART)
    if table.num_rows == 0:
        return {}
    groups = table.select(["model", "task", "template", "seed"]).group_by(
        ["model", "task", "template", "seed"], use_threads=False
    )
    keys = sorted(tuple(key.values()) for key in groups.aggregate([]).to_pylist())
    names = [coded(table[column]) for column in ("model", "task", "template")]
    seeds = table["seed"].to_numpy()
    found: dict[str, list[Setting]] = {}
    for model, task, template, seed in keys:
        mine = seeds == seed
        for (texts, codes), wanted in zip(names, (model, task, template), strict=True):
            mine &= codes == texts.index(wanted)
        found.setdefault(model, []).append(_setting(table.filter(pa.array(mine)), task, template, seed))
    return found


class Strip(NamedTuple):
    """Attention of one block along the prompt, mean over heads and questions."""

    task: str
    template: str
    block: int
    n_shown: int
    """Demonstrations of a prompt."""
    attention: np.ndarray
    """(column,), as `masses.columns` names them."""


def strips(rows: pa.Table, model: str) -> list[Strip]:
    """Read the strips of a model."""
    return [
        Strip(row["task"], row["template"], row["block"], row["n_shown"], np.array(row["attention"]))
        for row in where(rows, part=STRIP, model=model).to_pylist()
    ]


def _setting(table: pa.Table, task: str, template: str, seed: int) -> Setting:
    n_classes = table["n_classes"][0].as_py()
    splits, of_split = coded(table["split"])
    conditions, of_condition = coded(table["condition"])
    answers: dict[tuple[str, str], Answers] = {}
    heads = None
    for s, split in enumerate(splits):
        for c, condition in enumerate(conditions):
            mine = table.filter(pa.array((of_split == s) & (of_condition == c)))
            if mine.num_rows:
                answers[split, condition] = _answers(mine, n_classes)
                if (split, condition) == (SELECTION, PLAIN):
                    heads = _heads(mine)
    assert heads is not None
    return Setting(task, template, seed, n_classes, heads, answers)


def _heads(table: pa.Table) -> Heads:
    blocks = tuple(table["blocks"][0].as_py())
    per_block = len(table["label_mass"][0]) // len(blocks)
    return Heads(blocks, per_block, max(blocks) + 1)


def _answers(table: pa.Table, n_classes: int) -> Answers:
    n = table.num_rows
    return Answers(
        query=table["query"].to_numpy(),
        order=table["order"].to_numpy(),
        gold=table["gold"].to_numpy(),
        predicted=table["predicted"].to_numpy(),
        laws=softmax(_stacked(table, "logprobs").astype(float), axis=1),
        shown=_stacked(table, "shown"),
        votes=_stacked(table, "voted").reshape(n, len(AGGREGATIONS), -1),
        shares=_stacked(table, "shares").reshape(n, -1, n_classes),
        masses={name: np.nan_to_num(_stacked(table, name)) for name in MASSES},
    )


def _stacked(table: pa.Table, column: str) -> np.ndarray:
    """Return a column of lists of one length, (row, item)."""
    return table[column].combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(table.num_rows, -1)
