"""From the rows of rival cells to agreement and accuracy of every kernel, beside the best head (M6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.stats.intervals import bootstrap_means
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.rivals.kernels import (
    COSINE,
    DOT,
    NEAREST,
    NEAREST_3,
    TEMPERED,
    kernel_votes,
)
from taskscope.studies.kernel_regression.rivals.rows import Questions, Rivals, rivals
from taskscope.studies.kernel_regression.voting import agreement, kappa, vote
from taskscope.studies.randomness import stream

HEAD = "best head"
CONSTANT, MAJORITY, LAST, ZERO_SHOT = (
    "most frequent answer",
    "majority of the demonstrations",
    "last demonstration",
    "no demonstrations",
)
CONTROLS = (CONSTANT, MAJORITY, LAST, ZERO_SHOT)


@dataclass(frozen=True)
class Method:
    """One way to answer from the same demonstrations."""

    name: str
    form: str
    """How likeness becomes weight; empty for heads and controls."""
    agreement: Measure
    """With the model's answers."""
    accuracy: Measure
    kappa: float
    """Agreement beyond that of two independent answers, as a share of what is left."""


@dataclass(frozen=True)
class Encoders:
    """What was found on one model and task, on questions that chose neither head nor temperature."""

    model: str
    task: str
    shots: int
    n_questions: int
    head: tuple[int, int]
    """Block and head."""
    methods: tuple[Method, ...]
    """The best head, every kernel in every form, and the controls."""
    lead: Measure
    """Agreement of the best head less that of the best kernel of a form, chosen anew in every resample."""
    above_controls: Measure
    """Agreement of the best head less that of the strongest control."""


def encoders(rows: pa.Table, k: int, draws: int) -> list[Encoders]:
    """Read every model and task that was measured with k demonstrations, in sorted order."""
    return [_encoders(each, k, draws) for each in rivals(rows) if k in each.shots]


def _encoders(found: Rivals, k: int, draws: int) -> Encoders:
    head = best_head(found.chosen, k)
    votes: dict[tuple[str, str], np.ndarray] = {(HEAD, ""): found.judged.votes[k][:, head]}
    for kernel in found.judged.products:
        for form in (DOT, COSINE, NEAREST, NEAREST_3, temperature(found.chosen, kernel, k)):
            votes[kernel, form] = votes_by(found.judged, kernel, form, k)
    votes |= {(name, ""): votes_ for name, votes_ in _controls(found, k).items()}
    answers, gold = found.judged.answers(k), found.judged.gold
    columns = [agreement(each, wanted) for wanted in (answers, gold) for each in votes.values()]
    table = np.stack(columns, axis=1)
    rng = stream("kernel-regression encoders", found.model, found.task)
    drawn = np.vstack([table.mean(axis=0), bootstrap_means(table, found.judged.unit, draws, rng)])
    n = len(votes)
    kernels = [i for i, (name, _) in enumerate(votes) if name in found.judged.products]
    controls = [i for i, (name, _) in enumerate(votes) if name in CONTROLS]
    methods = tuple(
        Method(
            name,
            form,
            Measure.of(drawn[:, i]),
            Measure.of(drawn[:, n + i]),
            float(kappa(each, answers, found.judged.n_classes)),
        )
        for i, ((name, form), each) in enumerate(votes.items())
    )
    return Encoders(
        model=found.model,
        task=found.task,
        shots=k,
        n_questions=len(np.unique(found.judged.unit)),
        head=found.site(head),
        methods=methods,
        lead=Measure.of(drawn[:, 0] - drawn[:, kernels].max(axis=1)),
        above_controls=Measure.of(drawn[:, 0] - drawn[:, controls].max(axis=1)),
    )


def best_head(chosen: Questions, shots: int) -> int:
    """Number of the head whose vote is most often the model's answer."""
    return int(agreement(chosen.votes[shots], chosen.answers(shots)).mean(axis=0).argmax())


def temperature(chosen: Questions, kernel: str, k: int) -> str:
    """Choose the temperature whose votes agree most with the model."""
    answers = chosen.answers(k)
    scores = [agreement(votes_by(chosen, kernel, form, k), answers).mean() for form in TEMPERED]
    return TEMPERED[int(np.argmax(scores))]


def votes_by(asked: Questions, kernel: str, form: str, k: int) -> np.ndarray:
    """Let the first k demonstrations vote by one kernel in one form, (question, class)."""
    products = asked.products[kernel][:, : k + 1, : k + 1]
    return kernel_votes(products, asked.classes[:, :k], asked.n_classes, form)


def _controls(found: Rivals, k: int) -> dict[str, np.ndarray]:
    """Votes that know nothing of the texts' likeness, (question, class) each."""
    judged, one_hot = found.judged, np.eye(found.judged.n_classes)
    n = len(judged.gold)
    modal = np.bincount(found.chosen.answers(k), minlength=judged.n_classes).argmax()
    return {
        CONSTANT: np.tile(one_hot[modal], (n, 1)),
        MAJORITY: vote(np.full((n, k), 1 / k), judged.classes[:, :k], judged.n_classes),
        LAST: one_hot[judged.classes[:, k - 1]],
        ZERO_SHOT: judged.alone[:, 0],
    }
