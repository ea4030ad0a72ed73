"""The rows of effect cells as arrays: by condition the answer, the head's vote, and simpler guesses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.studies.columns import coded, models_and_tasks, where
from taskscope.studies.kernel_regression.effects import conditions
from taskscope.studies.kernel_regression.effects.rows import PART
from taskscope.studies.kernel_regression.voting import agreement, vote


@dataclass(frozen=True)
class Condition:
    """All questions of one condition, in one order for all conditions; arrays (question,)."""

    right: np.ndarray
    """Credit for the right answer."""
    answer: np.ndarray
    """Probability of the right label among the labels."""
    surprise: np.ndarray
    vote: np.ndarray | None
    """Share of the head's vote for the right class; None where no attention was read, as all below."""
    balance: np.ndarray | None
    """Share of the demonstrations that show the right class."""
    last: np.ndarray | None
    """1 where the last of them does."""
    agrees: np.ndarray | None
    """Credit of the head's vote for the model's answer."""
    effective: np.ndarray | None
    """1 / sum of squared weights: demonstrations that would weigh as much if all weighed alike (2.8)."""
    entropy: np.ndarray | None
    """Of the weights, as a share of that of equal ones."""
    lift: np.ndarray | None


@dataclass(frozen=True)
class Asked:
    """One model and task, all seeds together."""

    model: str
    task: str
    query: np.ndarray
    """(question,) number of the text: the same in two seeds is one unit."""
    gold: np.ndarray
    by_name: dict[str, Condition]


def asked(rows: pa.Table) -> list[Asked]:
    """Read every model and task that was measured, in sorted order."""
    if "part" not in rows.column_names:
        return []
    mine = where(rows, part=PART)
    return [_asked(mine, model, task) for model, task in models_and_tasks(mine)]


def _asked(rows: pa.Table, model: str, task: str) -> Asked:
    mine = where(rows, model=model, task=task).sort_by([("seed", "ascending"), ("query", "ascending")])
    names, code = coded(mine["condition"])
    parts = {name: mine.filter(pa.array(code == number)) for number, name in enumerate(names)}
    plain = parts.pop(conditions.RANDOM)
    whole = {
        name: part for name, part in parts.items() if part.num_rows == plain.num_rows
    }  # a condition that one seed had to leave out is left out for all
    own = {name: _condition(part) for name, part in ({conditions.RANDOM: plain} | whole).items()}
    gold = plain["gold"].to_numpy().astype(np.int64)
    return Asked(model, task, plain["query"].to_numpy(), gold, own)


def _condition(table: pa.Table) -> Condition:
    gold = table["gold"].to_numpy().astype(np.int64)
    logs = _stacked(table, "logprobs")
    law = np.exp(logs - logs.max(axis=1, keepdims=True))
    law /= law.sum(axis=1, keepdims=True)
    each = np.arange(len(gold))
    front = agreement(law, gold), law[each, gold], table["surprise"].to_numpy().astype(float)
    if (table["chosen"].to_numpy() < 0).any():
        return Condition(*front, *(None,) * 7)
    weights, shown = _stacked(table, "weights"), _stacked(table, "shown").astype(np.int64)
    votes = vote(weights, shown, law.shape[1])
    own = shown == gold[:, None]
    share = np.where(weights > 0, weights, 1.0)
    return Condition(
        *front,
        vote=votes[each, gold],
        balance=own.mean(axis=1),
        last=own[:, -1].astype(float),
        agrees=agreement(votes, law.argmax(axis=1)),
        effective=1 / (weights**2).sum(axis=1),
        entropy=-(share * np.log(share)).sum(axis=1) / np.log(weights.shape[1]),
        lift=table["lift"].to_numpy().astype(float),
    )


def _stacked(table: pa.Table, column: str) -> np.ndarray:
    """Return a column of lists of one length, float64 (row, item)."""
    flat = table[column].combine_chunks().flatten().to_numpy()
    return flat.reshape(table.num_rows, -1).astype(float)
