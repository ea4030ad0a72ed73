"""From the rows of effect cells to what each change does, and whether votes foretell it (RQ5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.stats import rankdata

from taskscope.report.findings import Control, Finding
from taskscope.stats.intervals import resampling_weights
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.claims import ACCOUNT
from taskscope.studies.kernel_regression.effects import conditions
from taskscope.studies.kernel_regression.effects.reading import Asked, Condition, asked
from taskscope.studies.kernel_regression.effects.verdict import Foretold, deciding, judge
from taskscope.studies.randomness import stream
from taskscope.studies.remembering import once_per_table
from taskscope.studies.wording import control, finding

VOTE = "the head's vote"
BALANCE, LAST, ALIKE, BEFORE, ALONE = (
    "how many demonstrations show the right class",
    "whether the last demonstration does",
    "what the change does to all votes alike",
    "the vote before the change",
    "the model without demonstrations",
)
CONTROLS = (BALANCE, LAST, ALIKE, BEFORE, ALONE)
MEANINGS: Mapping[str, str] = {
    BALANCE: "What any head would foretell that looks everywhere alike.",
    LAST: "What copying the nearest label would foretell.",
    ALIKE: "What is known of the kind of change without looking at the question.",
    BEFORE: "What a fall from high and a rise from low would foretell, whatever comes after the change.",
    ALONE: "What the text or the words do by themselves.",
}


@dataclass(frozen=True)
class Effect:
    """One condition beside the plain one; measures are over questions."""

    condition: str
    accuracy: Measure
    answer: Measure
    """Probability of the right label."""
    gain: Measure
    """The same less that of the plain condition."""
    vote_gain: Measure | None
    """Of the head's vote for the right class; None where no attention was read, as all below."""
    agrees: Measure | None
    effective: float | None
    entropy: float | None
    lift: float | None


@dataclass(frozen=True)
class Effects:
    """What was found on one model and task."""

    model: str
    task: str
    n_questions: int
    effects: tuple[Effect, ...]
    by_surprise: Measure
    """Spearman's correlation of accuracy with log perplexity, over plain and rewritten inputs."""
    draws: dict[str, dict[str, np.ndarray]]
    """By kind and foreteller, correlation with the change of the answer, (1 + draw,)."""
    spread: dict[str, float]
    """By kind, s.d. of the change of the answer."""


@dataclass(frozen=True)
class ModelEffects:
    """One model, all tasks."""

    model: str
    tasks: list[Effects]
    foretold: tuple[Foretold, ...]
    """One for each kind of change; draws are means over tasks."""


@once_per_table
def effects(rows: pa.Table, draws: int) -> list[ModelEffects]:
    """Read and resample what was measured on every model, in sorted order."""
    found: dict[str, list[Effects]] = {}
    for each in asked(rows):
        found.setdefault(each.model, []).append(_effects(each, draws))
    return [ModelEffects(model, tasks, tuple(_joined(tasks))) for model, tasks in found.items()]


def findings(found: ModelEffects) -> list[Finding]:
    """Judge RQ5 for one model."""
    weakest = deciding(found.foretold)
    told = ", ".join(f"{each.kind} {each.vote[0]:+.2f}" for each in found.foretold)
    return [
        finding(
            ACCOUNT,
            "RQ5",
            found.model,
            judge(found.foretold),
            statement="How far the vote of the head chosen on other questions foretells, question by "
            f"question, what a change does to the answer (correlation; 1 is exactly): {told}.",
            quantity=f"correlation of the change of the head's vote with that of the answer, {weakest.kind}, "
            + (
                "the kind that moves answers least"
                if weakest.still
                else "the kind with the smallest lead over its controls, as its interval has it"
            ),
            measure=Measure.of(weakest.vote),
            n=sum(each.n_questions for each in found.tasks),
            unit="questions",
            controls=_controls(weakest),
        )
    ]


def _controls(weakest: Foretold) -> list[Control | None]:
    """Hold a kind against all controls; the strongest is the one that is named so."""
    return [
        control("strongest" if name == weakest.strongest else name, name, Measure.of(draws), MEANINGS[name])
        for name, draws in weakest.controls.items()
    ]


def _joined(tasks: Sequence[Effects]) -> list[Foretold]:
    """Average correlations over tasks, for each kind of change."""
    found = []
    for kind in conditions.KINDS:
        mean = {
            name: np.mean([task.draws[kind][name] for task in tasks], axis=0) for name in (VOTE, *CONTROLS)
        }
        spread = max(task.spread[kind] for task in tasks)
        found.append(Foretold(kind, mean.pop(VOTE), mean, spread))
    return found


def _effects(found: Asked, draws: int) -> Effects:
    rng = stream("kernel-regression effects bootstrap", found.model, found.task)
    _, unit = np.unique(found.query, return_inverse=True)
    counts = resampling_weights(unit.max() + 1, draws, rng)
    weights = np.vstack([np.ones((1, len(unit))), counts[:, unit]])  # (1 + draw, question)
    kinds = {kind: _changes(found, names) for kind, names in conditions.KINDS.items()}
    return Effects(
        model=found.model,
        task=found.task,
        n_questions=unit.max() + 1,
        effects=tuple(
            _effect(name, each, found.by_name[conditions.RANDOM], weights)
            for name, each in found.by_name.items()
        ),
        by_surprise=_by_surprise(found, weights),
        draws={
            kind: {name: _correlation(own, answer, weights) for name, own in foretellers.items()}
            for kind, (answer, foretellers) in kinds.items()
        },
        spread={kind: float(answer.std()) for kind, (answer, _) in kinds.items()},
    )


def _changes(found: Asked, names: Sequence[str]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Changes from the plain condition, (question, change): of the answer, and of what may foretell it."""
    plain, zero = found.by_name[conditions.RANDOM], found.by_name[conditions.ZERO]
    own = [name for name in names if name in found.by_name]
    some = [found.by_name[name] for name in own]
    answer = np.stack([each.answer - plain.answer for each in some], axis=1)

    def change(field: str) -> np.ndarray:
        return np.stack([getattr(each, field) - getattr(plain, field) for each in some], axis=1)

    votes = change("vote")
    alike = np.zeros_like(votes)
    for gold in np.unique(found.gold):
        alike[found.gold == gold] = votes[found.gold == gold].mean(axis=0)
    alone = np.zeros_like(votes)
    for i, name in enumerate(own):
        without = found.by_name.get(conditions.without(name))
        if without is not None:
            alone[:, i] = without.answer - zero.answer
    assert plain.vote is not None
    before = np.repeat(-plain.vote[:, None], len(own), axis=1)
    foretellers = {VOTE: votes, BALANCE: change("balance"), LAST: change("last")}
    return answer, {**foretellers, ALIKE: alike, BEFORE: before, ALONE: alone}


def _correlation(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Correlate over questions and changes for resampled questions: (1 + draw,); 0 where one is constant."""
    sums = [weights @ each.sum(axis=1) for each in (x, y, x * x, y * y, x * y)]
    n = weights.sum(axis=1) * x.shape[1]
    mx, my, xx, yy, xy = (each / n for each in sums)
    size = np.sqrt(np.maximum(xx - mx**2, 0) * np.maximum(yy - my**2, 0))
    return np.divide(xy - mx * my, size, out=np.zeros_like(size), where=size > 1e-9)


def _effect(name: str, each: Condition, plain: Condition, weights: np.ndarray) -> Effect:
    total = weights.sum(axis=1)

    def mean(values: np.ndarray) -> Measure:
        return Measure.of(weights @ values / total)

    front = (name, mean(each.right), mean(each.answer), mean(each.answer - plain.answer))
    if each.vote is None or plain.vote is None:
        return Effect(*front, None, None, None, None, None)
    assert each.agrees is not None and each.effective is not None and each.entropy is not None
    assert each.lift is not None
    middle = (float(np.median(values)) for values in (each.effective, each.entropy, each.lift))
    return Effect(*front, mean(each.vote - plain.vote), mean(each.agrees), *middle)


def _by_surprise(found: Asked, weights: np.ndarray) -> Measure:
    """Correlate the ranks of accuracy and log perplexity over inputs written in all ways (M9)."""
    names = [conditions.RANDOM, *(name for name in conditions.INPUTS if name in found.by_name)]
    some = [found.by_name[name] for name in names]
    right, unlike = (
        rankdata(np.stack([getattr(each, field) for each in some], axis=1), axis=None).reshape(-1, len(names))
        for field in ("right", "surprise")
    )
    return Measure.of(_correlation(right, unlike, weights))
