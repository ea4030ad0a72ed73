"""From the task space of a model to findings on its claims."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.report.findings import Control, Finding, Verdict
from taskscope.stats.matrices import off_diagonal
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.task_spaces import verdict
from taskscope.studies.task_spaces.claims import ACCOUNT
from taskscope.studies.task_spaces.params import PLAIN, TUNED
from taskscope.studies.task_spaces.spaces import Space
from taskscope.studies.task_spaces.statistics import (
    FEWEST_TASKS,
    Compared,
    Grouping,
    Isolation,
    agreement,
    entanglement,
    groupable,
    grouping,
    isolation,
    reliability,
)
from taskscope.studies.task_spaces.verdict import LABELS
from taskscope.studies.wording import control, finding, percent

_UNTUNED = "No task was tuned on; gradients alone cannot say."
JUDGED = ("1", "2", "3", "4", "6")
"""Claims that are measured."""
MEANINGS = {
    "difference": "How much of it goes to other tasks when gradient differences are climbed.",
    "shuffled": "What the same tuning does when there is nothing to learn.",
    "plain": "What ordinary training on the good sentences does.",
    "plain-masked": "What ordinary training does that changes the same weights alone.",
    "scattered": "What as many weights in the same tensors do, wherever they lie.",
    "words": "How far the words that differ tell transfer.",
    "word_pairs": "How far pairs of neighbouring words do.",
    "untrained": "How far the network's shape and the sentences do, without anything learned.",
}


@dataclass(frozen=True)
class Numbers:
    """What the claims are judged by."""

    reliability: Compared
    entanglement: Compared | None
    """None without plain training."""
    isolation: Isolation | None
    agreement: Compared | None
    """None where nothing was tuned, as is `isolation`."""
    grouping: Grouping | None
    """None where there is nothing to group."""
    apart: Grouping | None
    """The same of the map whose pairs share no content word; None where that was not drawn."""


@dataclass(frozen=True)
class Result:
    """One model's space and the numbers worked out from it; none below the fewest tasks."""

    space: Space
    numbers: Numbers | None


def result(space: Space, draws: int) -> Result:
    """Work out the numbers of one model."""
    if space.n < FEWEST_TASKS:
        return Result(space, None)
    tuned = space.drawn == TUNED
    grouped = grouping(space, draws) if groupable(space) else None
    return Result(
        space,
        Numbers(
            reliability=reliability(space),
            entanglement=entanglement(space) if PLAIN in space.after else None,
            isolation=isolation(space) if tuned else None,
            agreement=agreement(space) if tuned else None,
            grouping=grouped,
            apart=_grouped_apart(space, draws),
        ),
    )


def _grouped_apart(space: Space, draws: int) -> Grouping | None:
    apart = space.apart
    if apart is None or apart.n < FEWEST_TASKS or not groupable(apart):
        return None
    return grouping(apart, draws)


def findings(found: Result) -> list[Finding]:
    """Judge the claims on one model."""
    space, numbers = found.space, found.numbers
    if numbers is None:
        reason = f"Only {space.n} tasks were measured; at least {FEWEST_TASKS} are needed."
        return [_nothing(space, number, reason) for number in JUDGED]
    return [judge(space, numbers) for judge in (_map, _entanglement, _isolation, _agreement, _grouping)]


def _map(space: Space, numbers: Numbers) -> Finding:
    value = numbers.reliability
    return _finding(
        space,
        "1",
        verdict.judge_map(value),
        statement=f"Drawn again from other pairs of the same {space.n} tasks, the map of who helps whom "
        f"correlates {value.value.value:.2f} with itself (what rows and columns share is taken out).",
        quantity="correlation of the maps of two halves",
        compared=value,
    )


def _entanglement(space: Space, numbers: Numbers) -> Finding:
    value, isolated = numbers.entanglement, numbers.isolation
    judged = verdict.judge_entanglement(value)
    if value is None or isolated is None:
        return _nothing(space, "2", judged.reason)
    others = space.effects(PLAIN).mean(axis=0)[off_diagonal(space.n)]
    return _finding(
        space,
        "2",
        judged,
        statement=f"Plain training on a task's good sentences moves that task by {isolated.own[PLAIN]:+.1f} "
        f"standard deviations of the margins and another by {others.mean():+.2f} in the mean, "
        f"{isolated.others[PLAIN]:.1f} up or down.",
        quantity="share of the squared change that falls on another task",
        compared=value,
    )


def _isolation(space: Space, numbers: Numbers) -> Finding:
    value = numbers.isolation
    if value is None:
        return _nothing(space, "3", _UNTUNED)
    return _finding(
        space,
        "3",
        verdict.judge_isolation(value),
        statement=f"Tuning on gradient differences moves its own task by {value.own[TUNED]:+.1f} standard "
        f"deviations of the margins and any other by {value.others[TUNED]:.1f} up or down; "
        f"{percent(value.compared.value.value)} of both together is its own.",
        quantity="share of the effect of tuning that is its own task's",
        compared=value.compared,
    )


def _agreement(space: Space, numbers: Numbers) -> Finding:
    value = numbers.agreement
    if value is None or numbers.isolation is None:
        return _nothing(space, "4", _UNTUNED)
    return _finding(
        space,
        "4",
        verdict.judge_agreement(value, numbers.isolation),
        statement=f"Likeness of two tasks' gradients correlates {value.value.value:.2f} with how far "
        "tuning on one moves the other.",
        quantity="correlation of gradients and transfer",
        compared=value,
    )


def _grouping(space: Space, numbers: Numbers) -> Finding:
    value = numbers.grouping
    if value is None:
        return _nothing(space, "6", "Fewer than two phenomena have two tasks.")
    shown = [
        control("strongest", "phenomena dealt at random", value.chance, "The verdict is against this one."),
        control(
            "residual",
            "the map less words and an untrained model",
            value.residual,
            "The same with those taken out of transfer alone, and left in the phenomena.",
        ),
        control(
            "words",
            "words alone",
            Measure(value.words, np.nan, np.nan),
            "How well the overlap in words, instead of transfer, goes with the phenomena.",
        ),
    ]
    if numbers.apart is not None and not np.isnan(numbers.apart.partial.value):
        shown.append(
            control(
                "apart",
                "no content word in common between learning and judging",
                numbers.apart.partial,
                "The same number where nothing learned of a noun or verb can help; of fewer tasks and pairs.",
            )
        )
    defined = not np.isnan(value.partial.value)
    what = "Tuning" if space.drawn == TUNED else "By gradients, a step"
    return finding(
        ACCOUNT,
        "6",
        space.model,
        verdict.judge_grouping(value),
        statement=f"{what} moves another task of the same phenomenon by {value.within:+.2f} standard "
        f"deviations, one of another phenomenon by {value.between:+.2f}; the map correlates {value.raw:.2f} "
        f"with the phenomena, and {value.partial.value:.2f} beyond words and an untrained model.",
        quantity="correlation of transfer and phenomena beyond words",
        measure=value.partial if defined else None,
        n=space.n,
        unit="tasks",
        controls=shown,
    )


def _nothing(space: Space, number: str, reason: str) -> Finding:
    return finding(
        ACCOUNT,
        number,
        space.model,
        Judgement(Verdict.INCONCLUSIVE, reason),
        statement="Nothing was measured that could tell.",
        quantity="",
        measure=None,
        n=space.n,
        unit="tasks",
        controls=(),
    )


def _finding(
    space: Space, number: str, judged: Judgement, *, statement: str, quantity: str, compared: Compared
) -> Finding:
    return finding(
        ACCOUNT,
        number,
        space.model,
        judged,
        statement=statement,
        quantity=quantity,
        measure=compared.value if compared.strongest else None,
        n=space.n,
        unit="tasks",
        controls=_controls(compared),
    )


def _controls(compared: Compared) -> list[Control | None]:
    """The strongest one first, under the name by which findings know it."""
    order = sorted(compared.controls, key=lambda name: name != compared.strongest)
    return [
        control(
            "strongest" if name == compared.strongest else name,
            LABELS[name],
            compared.controls[name],
            MEANINGS[name],
        )
        for name in order
    ]
