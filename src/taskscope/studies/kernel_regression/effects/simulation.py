"""Rows of effect cells simulated from a known truth, on which RQ5 is calibrated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from taskscope.studies.kernel_regression.effects import conditions
from taskscope.studies.kernel_regression.effects.rows import Attention, to_rows
from taskscope.studies.kernel_regression.rivals.kernels import SENTENCE
from taskscope.studies.kernel_regression.voting import vote

N_CLASSES = 2
NOISE = 0.10
"""S.d. of an answer around what decides it."""
SHARPNESS = 1.0
"""How much more a demonstration of the right class weighs, in logs, before it differs by condition."""


@dataclass(frozen=True)
class Seen:
    """One condition of a simulated world; arrays (question, ...)."""

    gold: np.ndarray
    shown: np.ndarray
    vote: np.ndarray
    """Share of the head's vote for the right class."""
    alone: np.ndarray
    """Probability of the right label without demonstrations."""
    rng: np.random.Generator

    @property
    def balance(self) -> np.ndarray:
        """Share of the demonstrations that show the right class."""
        return (self.shown == self.gold[:, None]).mean(axis=1)

    @property
    def last(self) -> np.ndarray:
        """Whether the last of them does."""
        return (self.shown[:, -1] == self.gold).astype(float)


Decide = Callable[[Seen], np.ndarray]
"""What the probability of the right label is but for noise, (question,)."""


def the_vote(seen: Seen) -> np.ndarray:
    """The vote decides."""
    return seen.vote


@dataclass(frozen=True)
class EffectScenario:
    """A simulated model on one task of two classes, asked in every condition."""

    name: str
    description: str
    decide: Decide
    but: tuple[str, ...] = ()
    """Kinds of change in which the text alone decides instead."""
    noise: float = NOISE
    true: tuple[str, ...] = ()
    tested: tuple[str, ...] = field(default=("RQ5",))

    def simulate(self, params: Any, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of one model on one task."""
        n, k = params.n_effects, params.k
        gold = rng.integers(N_CLASSES, size=n)
        zero = np.clip(rng.normal(0.55, 0.12, size=n), 0.02, 0.98)
        plain = rng.permuted(np.tile(np.arange(k) % N_CLASSES, (n, 1)), axis=1)
        tables = [
            self._condition(conditions.RANDOM, gold, plain, zero, rng),
            _told(conditions.ZERO, gold, zero, np.zeros((n, 0), np.int64)),
        ]
        for kind, names in conditions.KINDS.items():
            for name in names:
                if SENTENCE in name or name in (conditions.RARE, conditions.OTHER_DOMAIN):
                    continue  # what is not installed on most machines
                shown = _shown(name, gold, plain, rng)
                alone = zero
                if name in conditions.INPUTS or name in conditions.LABELS[:3]:
                    alone = np.clip(zero + rng.normal(-0.05, 0.12, size=n), 0.02, 0.98)
                    tables.append(_told(conditions.without(name), gold, alone, np.zeros((n, 0), np.int64)))
                other = _alone if kind in self.but else self.decide
                tables.append(self._condition(name, gold, shown, alone, rng, other))
        rows = pa.concat_tables(tables).unify_dictionaries()
        for place, (column, value) in enumerate({"model": "simulated", "task": "two classes"}.items()):
            rows = rows.add_column(place, column, pa.repeat(pa.scalar(value), rows.num_rows))
        return rows.append_column("seed", pa.array(np.zeros(rows.num_rows, np.int64)))

    def _condition(
        self,
        name: str,
        gold: np.ndarray,
        shown: np.ndarray,
        alone: np.ndarray,
        rng: np.random.Generator,
        decide: Decide | None = None,
    ) -> pa.Table:
        """Weigh the demonstrations, and answer."""
        right = shown == gold[:, None]
        sharpness = rng.normal(_sharpness(name), 0.6, size=(len(gold), 1))
        logs = rng.normal(size=shown.shape) + sharpness * right
        weights = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
        votes = vote(weights, shown, N_CLASSES)[np.arange(len(gold)), gold]
        seen = Seen(gold, shown, votes, alone, rng)
        answer = (decide or self.decide)(seen) + rng.normal(0, self.noise, size=len(gold))
        return _told(name, gold, np.clip(answer, 0.02, 0.98), shown, weights)


def _alone(seen: Seen) -> np.ndarray:
    return seen.alone


def _sharpness(name: str) -> float:
    """How well weights tell the right class, by condition: less for spoiled texts, outliers and no labels."""
    if name in (conditions.RANDOM_LABELS, conditions.EXCHANGED, conditions.OTHER_TEXTS):
        return 0.0
    if name in conditions.INPUTS or name == conditions.OUTLIERS:
        return 0.6 * SHARPNESS
    return SHARPNESS


def _shown(name: str, gold: np.ndarray, plain: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Classes of the demonstrations of a condition, (question, demonstration)."""
    n, k = plain.shape
    if name in conditions.INPUTS or name in conditions.LABELS[:3]:
        return plain  # the same demonstrations
    if name == conditions.RANDOM_LABELS:
        return rng.integers(N_CLASSES, size=(n, k))
    if name == conditions.ANY_LABEL:
        own = rng.random((n, k)) < 0.65
        return np.where(own, gold[:, None], 1 - gold[:, None])
    return rng.permuted(np.tile(np.arange(k) % N_CLASSES, (n, 1)), axis=1)


def _told(
    name: str, gold: np.ndarray, right: np.ndarray, shown: np.ndarray, weights: np.ndarray | None = None
) -> pa.Table:
    """Lay a condition out as rows."""
    n = len(gold)
    law = np.where(np.arange(N_CLASSES) == gold[:, None], right[:, None], 1 - right[:, None])
    looked = None if weights is None else Attention(0, weights, np.ones(n))
    return to_rows(name, np.arange(n), gold, np.log(law), list(shown), np.zeros(n), looked)


SCENARIOS = (
    EffectScenario(
        "votes decide", "the head's vote is the answer, but for noise of 0.1", the_vote, true=("RQ5",)
    ),
    EffectScenario(
        "votes decide in part",
        "the answer is half the head's vote and half what the model says without demonstrations, but for "
        "noise of 0.05",
        lambda seen: 0.5 * seen.vote + 0.5 * seen.alone,
        noise=0.05,
        true=("RQ5",),
    ),
    EffectScenario(
        "votes do not decide new inputs",
        "the same as the first, but with rewritten inputs the model answers as without demonstrations",
        the_vote,
        but=("inputs",),
    ),
    EffectScenario(
        "votes do not decide new samples",
        "the same, but with other samples the model answers as without demonstrations",
        the_vote,
        but=("samples",),
    ),
    EffectScenario(
        "the number of labels decides",
        "the answer is the share of the demonstrations that show the right class",
        lambda seen: seen.balance,
    ),
    EffectScenario(
        "the last label decides", "the answer follows the last label", lambda seen: 0.3 + 0.4 * seen.last
    ),
    EffectScenario(
        "changes move all answers alike",
        "each condition moves every answer to where it moves the mean vote",
        lambda seen: np.full(len(seen.gold), seen.vote.mean()),
    ),
    EffectScenario("the text alone decides", "the model answers as it does without demonstrations", _alone),
    EffectScenario(
        "votes are turned round", "the answer is the class that loses the vote", lambda seen: 1 - seen.vote
    ),
    EffectScenario(
        "nothing decides", "answers are noise", lambda seen: np.full(len(seen.gold), 0.5), noise=0.2
    ),
)
