"""Rows of weight cells simulated from a known truth, on which RQ2, RQ3 and RQ4 are calibrated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa

from taskscope.studies.kernel_regression.params import KernelRegressionParams
from taskscope.studies.kernel_regression.weights.aggregating import AGGREGATIONS
from taskscope.studies.kernel_regression.weights.grids import AFTER_FIRST_THIRD, HELD_OUT, SELECTION
from taskscope.studies.kernel_regression.weights.rows import (
    MASSES,
    ONE_LABEL,
    PERMUTED,
    PLAIN,
    RANDOM_WEIGHTS,
    REORDERED,
    ZERO_SHOT,
    Row,
    to_rows,
)

BLOCKS, PER_BLOCK = 12, 4
N_CLASSES = 2
LIFTED = 5.0
"""Label lift of a head that looks at labels; others have 1, both with a log-normal factor."""


@dataclass(frozen=True)
class Scenario:
    """A simulated model of `BLOCKS` blocks of `PER_BLOCK` heads, on one task of two classes."""

    name: str
    description: str
    true: tuple[str, ...] = ()
    tested: tuple[str, ...] = ("RQ2", "RQ3", "RQ4")
    right: float = 0.75
    """How often the model is right where it does nothing else."""
    lean: float = 0.0
    """How often the model gives the first class whatever it is asked, and each head votes for it."""
    last: float = 0.0
    """How often the model gives the last demonstration's label instead of what it thinks."""
    voters: int = 6
    """Heads that vote for something."""
    placed: Literal["upper", "anywhere"] = "upper"
    voting_for: Literal["answer", "gold", "last"] = "answer"
    follow: float = 0.8
    """How often a voter votes for that; otherwise, like other heads, for any class."""
    at_labels: float = 0.5
    """Share of the heads after the first third that look at labels."""
    at_template: float = 0.1
    """The same for the token before each label."""

    def simulate(self, params: KernelRegressionParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of one model on one task."""
        n_heads = BLOCKS * PER_BLOCK
        heads = np.arange(n_heads)
        pool = heads[n_heads // 2 :] if self.placed == "upper" else heads
        voters = rng.choice(pool, size=self.voters, replace=False)
        after = heads[(heads // PER_BLOCK + 0.5) / BLOCKS > AFTER_FIRST_THIRD]
        lifted = {
            name: rng.choice(after, size=round(share * len(after)), replace=False)
            for name, share in (("label_lift", self.at_labels), ("template_lift", self.at_template))
        }
        rows = self._attended(params.n_selection, params.k, 0, SELECTION, voters, lifted, rng)
        judged = self._attended(
            params.n_held_out, params.k, params.n_selection, HELD_OUT, voters, lifted, rng
        )
        rows += judged + _controls(judged, rows[: params.n_random], rng)
        table = to_rows(rows, "input-output", N_CLASSES)
        n = table.num_rows
        return (
            table.append_column("model", pa.array(["simulated"] * n))
            .append_column("task", pa.array(["two classes"] * n))
            .append_column("seed", pa.array(np.zeros(n, dtype=np.int64)))
        )

    def _attended(
        self,
        n: int,
        k: int,
        first: int,
        split: str,
        voters: np.ndarray,
        lifted: dict[str, np.ndarray],
        rng: np.random.Generator,
    ) -> list[Row]:
        """Simulate n questions whose attention is read."""
        n_heads = BLOCKS * PER_BLOCK
        gold = rng.integers(N_CLASSES, size=n)
        shown = rng.permuted(np.tile(np.arange(k) % N_CLASSES, (n, 1)), axis=1)
        thought = np.where(rng.random(n) < self.right, gold, 1 - gold)
        answer = np.where(rng.random(n) < self.last, shown[:, -1], thought)
        answer = np.where(rng.random(n) < self.lean, 0, answer)
        votes = rng.integers(N_CLASSES, size=(n, n_heads))
        votes = np.where(rng.random((n, n_heads)) < self.lean, 0, votes)
        wanted = {"answer": answer, "gold": gold, "last": shown[:, -1]}[self.voting_for]
        follows = rng.random((n, len(voters))) < self.follow
        votes[:, voters] = np.where(follows, wanted[:, None], votes[:, voters])
        masses = {name: _lifts(n, lifted.get(name, lifted["label_lift"]), rng) for name in MASSES}
        shares = np.eye(N_CLASSES, dtype=np.float32)[votes]
        return [
            Row(
                split=split,
                condition=PLAIN,
                query=first + i,
                gold=int(gold[i]),
                predicted=int(answer[i]),
                logprobs=np.zeros(N_CLASSES),
                shown=shown[i],
                blocks=tuple(range(BLOCKS)),
                votes=np.tile(votes[i], (len(AGGREGATIONS), 1)),
                shares=shares[i],
                masses={name: lift[i] for name, lift in masses.items()},
            )
            for i in range(n)
        ]


def _lifts(n: int, lifted: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lifts (question, head), those of some heads `LIFTED` times as large."""
    lifts = rng.lognormal(-0.045, 0.3, size=(n, BLOCKS * PER_BLOCK))  # of mean 1
    lifts[:, lifted] *= LIFTED
    return lifts


def _controls(judged: list[Row], some: list[Row], rng: np.random.Generator) -> list[Row]:
    """Ask held-out questions again as controls do, and read the attention of random weights."""
    again = []
    for row in judged:
        again.append(replace(row, condition=PERMUTED))
        for condition in (REORDERED, ZERO_SHOT, ONE_LABEL):
            answer = row.predicted if rng.random() < 0.9 else 1 - row.predicted
            shown = np.full_like(row.shown, 0) if condition == ONE_LABEL else row.shown
            again.append(Row(HELD_OUT, condition, row.query, row.gold, answer, row.logprobs, shown))
    for row in some:
        lifts = _lifts(1, np.zeros(0, int), rng)[0]
        none = Row(SELECTION, RANDOM_WEIGHTS, row.query, row.gold, -1, row.logprobs, row.shown)
        again.append(replace(none, blocks=row.blocks, masses=dict.fromkeys(MASSES, lifts)))
    return again


SCENARIOS = (
    Scenario(
        "a few upper heads vote",
        "6 of 48 heads, all in the upper half, vote for the model's answer 90 % of the time; half of the "
        "heads after the first third look at labels",
        true=("RQ2", "RQ3", "RQ4"),
    ),
    Scenario(
        "they vote less surely",
        "the same, 77 % of the time; 40 % look at labels and 20 % at the token before them",
        true=("RQ2", "RQ3", "RQ4"),
        follow=0.54,
        at_labels=0.4,
        at_template=0.2,
    ),
    Scenario(
        "heads anywhere vote",
        "6 heads drawn from all blocks vote for the model's answer; no head looks at labels",
        true=("RQ4",),
        placed="anywhere",
        at_labels=0.0,
        at_template=0.0,
    ),
    Scenario(
        "every head votes",
        "all heads vote for the model's answer; as many look at the token before labels as at labels",
        true=("RQ4",),
        voters=BLOCKS * PER_BLOCK,
        placed="anywhere",
        at_template=0.5,
    ),
    Scenario(
        "votes follow the right answer",
        "6 upper heads vote for the right answer 90 % of the time, whatever the model says, which is right "
        "75 % of the time; a quarter of the heads after the first third look at labels, which is the border",
        voting_for="gold",
        at_labels=0.25,
    ),
    Scenario(
        "one answer",
        "the model gives one answer 92 % of the time, and so does every head, on its own; few look at labels",
        lean=0.85,
        right=0.5,
        voters=1,
        follow=0.0,
        at_labels=0.1,
    ),
    Scenario(
        "the last label",
        "the model repeats the last label 80 % of the time, and 6 upper heads vote for it",
        tested=("RQ3", "RQ4"),
        last=0.8,
        voting_for="last",
    ),
    Scenario(
        "nothing",
        "heads vote at random and look nowhere in particular",
        voters=1,
        follow=0.0,
        at_labels=0.0,
        at_template=0.0,
    ),
)
