"""From the trends along a series to findings on the claims."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from taskscope.report.findings import Control, Finding
from taskscope.stats.intervals import wilson
from taskscope.stats.trends.rule import Label
from taskscope.studies.inverse_scaling.arms import CONTROL, DISTRACTOR, LABELS, ONE_SHOT, TASK, TRUE
from taskscope.studies.inverse_scaling.claims import ACCOUNT
from taskscope.studies.inverse_scaling.differences import mean_gain
from taskscope.studies.inverse_scaling.extremes import TURNED, Extreme, comparable, deepest_turn, largest_fall
from taskscope.studies.inverse_scaling.trends import SeriesTrends, TaskTrend
from taskscope.studies.inverse_scaling.verdict import (
    judge_distractor,
    judge_extreme,
    judge_softened,
    judge_trap,
    judge_turn,
)
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.randomness import stream
from taskscope.studies.wording import control, finding

UPRIGHT = (Label.POSITIVE, Label.FLAT)
"""Labels with which a task neither gets worse nor turns."""
DISTRACTOR_CAUSE = "distractor"


def findings(found: SeriesTrends, smaller: SeriesTrends | None, draws: int) -> list[Finding]:
    """Judge every claim along one series.

    Args:
        found: The trends.
        smaller: Those without the largest models; None where the series has none so large (C4).
        draws: Resamples.
    """
    return [
        _worse(found),
        _trap(found, draws),
        _reversals(found, draws),
        _turn(found, smaller),
        _prompting(found, draws),
        _distractor(found, draws),
    ]


def _worse(found: SeriesTrends) -> Finding:
    extreme = largest_fall(found)
    worse = [task.grid.task for task in found.with_label(Label.INVERSE)]
    return _finding(
        found,
        "C1",
        judge_extreme(found, extreme, (Label.INVERSE,), UPRIGHT),
        statement=f"Of {_n(len(found.tasks), 'task')}, {_listed(worse)} worse from the first to the last of "
        f"{_n(found.series.n, 'model')}.",
        quantity="largest fall of a task",
        measure=extreme and extreme.found,
        controls=_beside_shuffled(extreme),
    )


def _reversals(found: SeriesTrends, draws: int) -> Finding:
    extreme = deepest_turn(found, draws)
    turning = [f"{task.grid.task} ({task.label})" for task in found.with_label(*TURNED)]
    return _finding(
        found,
        "C3",
        judge_extreme(found, extreme, TURNED, (*UPRIGHT, Label.INVERSE)),
        statement=f"Along {_n(found.series.n, 'model')} the trend of {', '.join(turning)} turns."
        if turning
        else f"Along {_n(found.series.n, 'model')} no task's trend steadily turns.",
        quantity="deepest turn of a task",
        measure=extreme and extreme.found,
        controls=_beside_shuffled(extreme),
    )


def _trap(found: SeriesTrends, draws: int) -> Finding:
    return _difference(
        found,
        stream("inverse-scaling trap", found.series.name),
        draws,
        "C2",
        CONTROL,
        judge_trap,
        ("No task gets worse, so none needs a cause.", "the same form without the trap"),
        "gain without the trap, less that with it",
        "What the difference would be if the form alone made models worse.",
    )


def _prompting(found: SeriesTrends, draws: int) -> Finding:
    return _difference(
        found,
        stream("inverse-scaling prompting", found.series.name),
        draws,
        "C5",
        ONE_SHOT,
        judge_softened,
        ("No task gets worse, so there is nothing to soften.", "performance after one demonstration"),
        "gain after one demonstration, less that without",
        "What the difference would be if a demonstration changed nothing.",
    )


def _difference(
    found: SeriesTrends,
    rng: np.random.Generator,
    draws: int,
    claim: str,
    arm: str,
    judge: Callable[[Measure | None], Judgement],
    told: tuple[str, str],
    quantity: str,
    meaning: str,
) -> Finding:
    """Judge how much more an arm gains than the task, where the task falls.

    Args:
        found: All trends of the series.
        rng: Source of resamples.
        draws: How many.
        claim: Number of the claim.
        arm: What is compared with the task.
        judge: The claim's rule.
        told: What to say where nothing falls, and what the arm is in words.
        quantity: What the estimate is of.
        meaning: What a difference of zero would mean.
    """
    falling = _falling(found, arm)
    task, beside = (mean_gain(falling, one, draws, rng) for one in (TASK, arm))
    measure = None if task is None or beside is None else Measure.of(beside - task)
    statement, name = told
    if measure is not None:
        statement = f"Where {_fall(falling)}, {name} gains {measure.value:+.2f} more."
    return _finding(
        found,
        claim,
        judge(measure),
        statement=statement,
        quantity=quantity,
        measure=measure,
        controls=[
            *_beside((TASK, LABELS[TASK], task), (arm.replace(" ", "-"), LABELS[arm], beside)),
            control("strongest", "nothing gained", Measure(0.0, 0.0, 0.0), meaning),
        ],
    )


def _distractor(found: SeriesTrends, draws: int) -> Finding:
    rng = stream("inverse-scaling distractor", found.series.name)
    falling = [task for task in _falling(found, DISTRACTOR) if task.grid.cause == DISTRACTOR_CAUSE]
    alone, true = (mean_gain(falling, arm, draws, rng) for arm in (DISTRACTOR, TRUE))
    lead = None if alone is None or true is None else alone - true
    measure = _measure(alone)
    return _finding(
        found,
        "C6",
        judge_distractor(measure, _measure(lead)),
        statement="No task with a distractor gets worse along this series."
        if measure is None
        else f"While {_fall(falling)}, the distractor task alone gains {measure.value:+.2f}.",
        quantity="gain of the distractor task alone",
        measure=measure,
        controls=[
            control(
                "strongest",
                "the true task alone",
                Measure.of(true),
                "If the true task is learned as fast, no distractor is needed to explain the fall.",
            )
        ]
        if true is not None
        else [],
    )


def _turn(found: SeriesTrends, smaller: SeriesTrends | None) -> Finding:
    share = None
    if smaller is not None:
        fell = {task.grid.task for task in smaller.with_label(Label.INVERSE)}
        turned = [task for task in found.tasks if task.grid.task in fell and task.label is Label.U]
        if fell:
            low, high = wilson(len(turned) / len(fell), len(fell))
            share = Measure(len(turned) / len(fell), float(low), float(high))
    return _finding(
        found,
        "C4",
        judge_turn(found, smaller, share),
        statement="Whether falling tasks turn upwards at the largest sizes "
        + ("was not tested." if share is None else f"was tested: {100 * share.value:.0f} % do."),
        quantity="share of falling tasks that turn upwards",
        measure=share,
        controls=[
            control("strongest", "half", Measure(0.5, 0.5, 0.5), "The claim is about most of the tasks.")
        ],
    )


def _finding(
    found: SeriesTrends,
    number: str,
    judgement: Judgement,
    *,
    statement: str,
    quantity: str,
    measure: Measure | None,
    controls: Sequence[Control | None],
) -> Finding:
    return finding(
        ACCOUNT,
        number,
        found.series.name,
        judgement,
        statement=statement,
        quantity=quantity,
        measure=measure,
        n=len(found.tasks),
        unit="tasks",
        controls=controls,
    )


def _beside_shuffled(extreme: Extreme | None) -> list[Control | None]:
    if extreme is None:
        return []
    return [
        control(
            "strongest",
            "sizes shuffled",
            extreme.shuffled,
            "The most that any task shows when each group of items has an order of models of its own.",
        )
    ]


def _beside(*named: tuple[str, str, np.ndarray | None]) -> list[Control | None]:
    return [
        control(
            name, label, Measure.of(values), "Change along the stretch in which the task falls. No control."
        )
        for name, label, values in named
        if values is not None
    ]


def _falling(found: SeriesTrends, arm: str) -> list[TaskTrend]:
    falling = [task for task in found.tasks if task.falls is not None and arm in task.grid.arms]
    return comparable(falling)


def _measure(values: np.ndarray | None) -> Measure | None:
    return None if values is None else Measure.of(values)


def _n(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _fall(tasks: Sequence[TaskTrend]) -> str:
    return "1 task falls" if len(tasks) == 1 else f"{len(tasks)} tasks fall"


def _listed(names: Sequence[str]) -> str:
    if not names:
        return "none steadily gets"
    verb = "gets" if len(names) == 1 else "get"
    return f"{', '.join(names)} {verb}"
