"""What the verdicts on RQ2, RQ3 and RQ4 rest on, resampled; every array has the estimate in front.

Queries are resampled: one that was asked in several templates or seeds counts as one unit in all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import hypergeom

from taskscope.stats.intervals import resampling_weights
from taskscope.studies.kernel_regression.voting import agreement
from taskscope.studies.kernel_regression.weights import voting
from taskscope.studies.kernel_regression.weights.grids import (
    AFTER_FIRST_THIRD,
    HELD_OUT,
    Answers,
    Heads,
    Setting,
    Strip,
)
from taskscope.studies.kernel_regression.weights.rows import ZERO_SHOT
from taskscope.studies.randomness import stream

CONSTANT = "always the model's most frequent answer"
MAJORITY = "the most frequent label of the demonstrations"
LAST = "the label of the last demonstration"
SHARED_GOLD = "head and model share the right answer alone"
RANDOM = "random attention"
CONTROLS = (CONSTANT, MAJORITY, LAST, SHARED_GOLD, RANDOM)
"""By which RQ4 is judged."""
TEMPLATE = "the token before each label"
UNTRAINED = "a model with random weights"
ROUNDING = 1e-9
"""Agreements closer than this are equal."""
HIGH_LIFT = 2.0
"""How often more than a demonstration's mean token a label must be looked at (M1)."""


@dataclass(frozen=True)
class Votes:
    """One setting: its chosen head on the held-out questions; arrays (1 + draw,)."""

    setting: Setting
    head: int
    agreement: np.ndarray
    controls: dict[str, np.ndarray]
    zero_shot: np.ndarray
    orders: np.ndarray
    """How often the model agrees with itself when demonstrations stand in another order (M12b)."""


@dataclass(frozen=True)
class ModelWeights:
    """One model; arrays (1 + draw,) are means over settings unless they say otherwise."""

    model: str
    heads: Heads
    votes: list[Votes]
    lifted: np.ndarray
    """Share of middle and upper heads that look at labels more than `HIGH_LIFT` times as much."""
    lifted_controls: dict[str, np.ndarray]
    lift: np.ndarray
    """(head,) mean label lift."""
    template_lift: np.ndarray
    """(head,) mean lift of the token before the label."""
    map: np.ndarray
    """(head,) agreement with the model over all questions, mean over settings."""
    map_by_chance: np.ndarray
    """(head,) the same for outputs exchanged once between prompts with the same right answer."""
    best_by_chance: np.ndarray
    """(permutation,) highest agreement of any head on all questions, outputs exchanged likewise."""
    alone: float
    """Largest share, over settings, of questions whose output can be exchanged with no other."""
    p_selection: float
    """Share of permutations in which the best head of the selection questions agrees as much."""
    strips: list[Strip]

    def mean(self, of: Callable[[Votes], np.ndarray]) -> np.ndarray:
        """Average over settings."""
        return np.mean([of(votes) for votes in self.votes], axis=0)

    @cached_property
    def agreement(self) -> np.ndarray:
        """Agreement of the chosen heads with the model on held-out questions."""
        return self.mean(lambda votes: votes.agreement)

    @cached_property
    def controls(self) -> dict[str, np.ndarray]:
        """The same of every control."""
        return {name: self.mean(lambda votes, name=name: votes.controls[name]) for name in CONTROLS}

    @property
    def strongest(self) -> str:
        """The control that agrees most."""
        return max(CONTROLS, key=lambda name: float(self.controls[name][0]))

    @property
    def n_queries(self) -> int:
        """Different held-out queries."""
        return len({(v.setting.task, q) for v in self.votes for q in v.setting.held_out.query.tolist()})

    @property
    def threshold(self) -> float:
        """What the best head reaches in 95 % of permutations, and no more than rounding above it."""
        return float(np.quantile(self.best_by_chance, 0.95)) + ROUNDING

    @property
    def voting_heads(self) -> np.ndarray:
        """Heads that agree more than the best head does in 95 % of permutations, most first."""
        above = np.flatnonzero(self.map > self.threshold)
        return above[np.argsort(-self.map[above], kind="stable")]

    @property
    def upper(self) -> np.ndarray:
        """(head,) bool: in the upper half of the blocks."""
        return self.heads.depth > 0.5

    @property
    def p_placed(self) -> float:
        """Probability that as many of the voting heads lie in the upper half if placed at random."""
        n, k = len(self.voting_heads), int(self.upper[self.voting_heads].sum())
        return float(hypergeom.sf(k - 1, len(self.heads), int(self.upper.sum()), n)) if n else 1.0


def resample(model: str, settings: Sequence[Setting], strips: list[Strip], draws: int) -> ModelWeights:
    """Choose heads, and resample the queries of every task."""
    heads = settings[0].heads
    rng = stream("kernel-regression weights bootstrap", [setting.name for setting in settings])
    judged = _Queries(settings, lambda setting: setting.held_out, draws, rng)
    votes = [_votes(setting, judged) for setting in settings]
    seen = [_joined(setting) for setting in settings]
    everything = _Queries(settings, _joined, draws, rng)
    middle = heads.depth > AFTER_FIRST_THIRD

    def lifted(name: str) -> np.ndarray:
        """(1 + draw,) share of heads; the lift of a head is its mean over settings."""
        total = [
            everything.mean(setting, answers.masses[name][:, middle])
            for setting, answers in zip(settings, seen, strict=True)
        ]
        return (np.mean(total, axis=0) > HIGH_LIFT).mean(axis=1)

    by_chance, example = voting.best_by_chance(settings, seen, min(draws, 1000), rng, same_gold=True)
    chosen, _ = voting.best_by_chance(settings, [s.selection for s in settings], min(draws, 1000), rng)
    best = float(np.mean([voting.agreement_map(setting.selection) for setting in settings], axis=0).max())
    return ModelWeights(
        model=model,
        heads=heads,
        votes=votes,
        lifted=lifted("label_lift"),
        lifted_controls={TEMPLATE: lifted("template_lift"), **_untrained(settings, middle, draws, rng)},
        lift=np.mean([answers.masses["label_lift"].mean(axis=0) for answers in seen], axis=0),
        template_lift=np.mean([answers.masses["template_lift"].mean(axis=0) for answers in seen], axis=0),
        map=np.mean([voting.agreement_map(answers) for answers in seen], axis=0),
        map_by_chance=example,
        best_by_chance=by_chance,
        alone=max(
            voting.alone(voting.strata(answers, setting.n_classes, same_gold=True))
            for setting, answers in zip(settings, seen, strict=True)
        ),
        strips=strips,
        p_selection=float((1 + (chosen >= best - ROUNDING).sum()) / (1 + len(chosen))),
    )


class _Queries:
    """Bootstrap counts of the queries of every task, shared by its settings."""

    def __init__(
        self,
        settings: Sequence[Setting],
        part: Callable[[Setting], Answers],
        draws: int,
        rng: np.random.Generator,
    ) -> None:
        self._query = {setting.name: part(setting).query for setting in settings}
        self._counts: dict[str, np.ndarray] = {}
        self._numbers: dict[str, np.ndarray] = {}
        for task in dict.fromkeys(setting.task for setting in settings):
            own = [self._query[setting.name] for setting in settings if setting.task == task]
            numbers = np.unique(np.concatenate(own))
            once = np.ones((1, len(numbers)))
            self._numbers[task] = numbers
            self._counts[task] = np.vstack([once, resampling_weights(len(numbers), draws, rng)])

    def counts(self, setting: Setting) -> np.ndarray:
        """How often each question of a setting is in each draw, (1 + draw, question)."""
        numbers = self._numbers[setting.task]
        return self._counts[setting.task][:, np.searchsorted(numbers, self._query[setting.name])]

    def mean(self, setting: Setting, values: np.ndarray) -> np.ndarray:
        """Mean over the questions of each draw of values (question, ...): (1 + draw, ...)."""
        counts = self.counts(setting)
        total = counts.sum(axis=1).reshape(-1, *(1,) * (values.ndim - 1))
        return (counts @ values.astype(float)) / total


def _votes(setting: Setting, queries: _Queries) -> Votes:
    judged, zero = setting.held_out, setting.answers[HELD_OUT, ZERO_SHOT]
    head = int(voting.best_heads(setting)[0])
    own = judged.published_votes[:, head]
    modal = np.bincount(setting.selection.predicted).argmax()
    credits = {
        CONSTANT: judged.predicted == modal,
        MAJORITY: agreement(voting.class_counts(judged.shown, setting.n_classes), judged.predicted),
        LAST: judged.shown[:, -1] == judged.predicted,
        RANDOM: voting.random_attention_credit(setting, stream("kernel-regression random", setting.name)),
    }
    controls = {name: queries.mean(setting, credit) for name, credit in credits.items()}
    controls[SHARED_GOLD] = _shared_gold(queries.counts(setting), judged, own, setting.n_classes)
    return Votes(
        setting=setting,
        head=head,
        agreement=queries.mean(setting, own == judged.predicted),
        controls=controls,
        zero_shot=queries.mean(setting, zero.predicted == judged.predicted),
        orders=queries.mean(setting, setting.among_orders),
    )


def _shared_gold(counts: np.ndarray, judged: Answers, votes: np.ndarray, n_classes: int) -> np.ndarray:
    """Agreement of vote and answer if, given the right answer, they were independent, (1 + draw,).

    The mean over all exchanges of answers between questions with the same right answer.
    """
    expected = np.zeros(len(counts))
    for gold in range(n_classes):
        own = counts * (judged.gold == gold)
        size = np.maximum(own.sum(axis=1), 1)
        for c in range(n_classes):
            expected += (own @ (votes == c).astype(float)) * (own @ (judged.predicted == c)) / size
    return expected / counts.sum(axis=1)


def _joined(setting: Setting) -> Answers:
    """Put the questions of both splits together."""
    a, b = setting.selection, setting.held_out
    fields = ("query", "order", "gold", "predicted", "laws", "shown", "votes", "shares")
    return Answers(
        *(np.concatenate([getattr(a, name), getattr(b, name)]) for name in fields),
        masses={name: np.concatenate([a.masses[name], b.masses[name]]) for name in a.masses},
    )


def _untrained(
    settings: Iterable[Setting], middle: np.ndarray, draws: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Share of high label lifts in the model with random weights; empty where none was made."""
    lifts = []
    for setting in settings:
        if setting.random_weights is None:
            return {}
        values = setting.random_weights.masses["label_lift"][:, middle].astype(float)
        counts = np.vstack([np.ones((1, len(values))), resampling_weights(len(values), draws, rng)])
        lifts.append(counts @ values / len(values))
    return {UNTRAINED: (np.mean(lifts, axis=0) > HIGH_LIFT).mean(axis=1)}
