"""Claim 5: gradient differences are as accurate as plain training at the same gain, and harm other text less.

The unit is the task. Supported: the loss on other text rises less than under plain training (interval of the
difference below 0), and accuracy on judged pairs of the task is not lower by `MOST_LOST` (interval of the
difference above that). Contradicted: the loss rises more, or accuracy is lower by more than that.
Inconclusive otherwise, and where fewer than `FEWEST_TASKS` tasks gained the same in both ways. A task is
left out of a half of the pairs where a way gained nothing there, or where the longer change could not be
brought to the gain of the shorter (`gains.CLOSE`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from taskscope.report.findings import Finding, Verdict
from taskscope.stats.matrices import jackknife, leave_one_out
from taskscope.studies.columns import where
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.task_spaces.claims import ACCOUNT
from taskscope.studies.task_spaces.damage.gains import alike
from taskscope.studies.task_spaces.params import PLAIN, TUNED
from taskscope.studies.task_spaces.rows import SCORE, TEXT
from taskscope.studies.task_spaces.statistics import FEWEST_TASKS
from taskscope.studies.wording import control, finding, percent

Array = np.ndarray
MOST_LOST = 0.05
"""Accuracy that "as accurate" may lose."""


@dataclass(frozen=True)
class Damage:
    """One model's two ways of tuning at the same gain, by task."""

    model: str
    tasks: tuple[str, ...]
    """Those that gained the same in both ways, in some half of the pairs."""
    rise: dict[str, Array]
    """Way to the rise of the loss on other text, (task,), nats per token."""
    right: dict[str, Array]
    """Way to the share of judged pairs that are right, (task,)."""
    before: Array
    """The same of the unchanged model, (task,)."""
    idle: int
    """Tasks and halves in which one of the ways gained nothing."""
    missed: int
    """Tasks and halves in which the two gains could not be made the same."""

    def difference(self, values: dict[str, Array]) -> Measure:
        """Gradient differences less plain training, mean over tasks."""
        return _mean(values[TUNED] - values[PLAIN])


def damages(rows: pa.Table) -> list[Damage]:
    """Read every model that was tuned both ways, in sorted order, whether or not anything was gained."""
    found = []
    for model in sorted(set(rows["model"].to_pylist())):
        mine = where(rows, model=model)
        if len(where(mine, part=TEXT)):
            found.append(_damage(model, mine))
    return found


def _damage(model: str, rows: pa.Table) -> Damage:
    first = {
        (row["seed"], row["half"], row["judged"]): np.array(row["margins"])
        for row in where(rows, part=SCORE, condition="").to_pylist()
    }
    both: dict[tuple[int, int, str], dict[str, dict[str, Any]]] = {}
    for row in where(rows, part=TEXT).to_pylist():
        if (key := (row["seed"], row["half"], row["judged"])) in first:
            both.setdefault(key, {})[row["condition"]] = row
    cells: dict[str, list[Array]] = {}
    idle = missed = 0
    for key, ways in both.items():
        ours, plain = ways[TUNED], ways[PLAIN]
        if ours["rise"] is None or plain["rise"] is None:
            idle += 1
        elif not alike(max(ours["gain"], plain["gain"]), min(ours["gain"], plain["gain"])):
            missed += 1
        else:
            told = [(each["rise"], _right(each["margins"]), _right(first[key])) for each in (ours, plain)]
            cells.setdefault(key[2], []).append(np.array(told))
    tasks = tuple(sorted(cells))
    values = np.array([np.mean(cells[task], axis=0) for task in tasks]).reshape(-1, 2, 3)
    return Damage(
        model=model,
        tasks=tasks,
        rise={TUNED: values[:, 0, 0], PLAIN: values[:, 1, 0]},
        right={TUNED: values[:, 0, 1], PLAIN: values[:, 1, 1]},
        before=values[:, 0, 2],
        idle=idle,
        missed=missed,
    )


def _right(margins: Any) -> float:
    return float((np.asarray(margins) > 0).mean())


def judge(found: Damage) -> Judgement:
    """Judge claim 5 by the rule above."""
    if len(found.tasks) < FEWEST_TASKS:
        return Judgement(
            Verdict.INCONCLUSIVE,
            f"Both ways of tuning gained the same on {len(found.tasks)} tasks; {FEWEST_TASKS} are needed"
            f"{_left_out(found)}.",
        )
    rise, right = found.difference(found.rise), found.difference(found.right)
    if rise.low > 0:
        return Judgement(Verdict.CONTRADICTED, "At the same gain gradient differences harm other text more.")
    if right.high < -MOST_LOST:
        return Judgement(Verdict.CONTRADICTED, "At the same gain gradient differences are less accurate.")
    if rise.high >= 0:
        return Judgement(
            Verdict.INCONCLUSIVE, "At the same gain plain training may harm other text as little."
        )
    if right.low <= -MOST_LOST:
        return Judgement(Verdict.INCONCLUSIVE, "At the same gain gradient differences may be less accurate.")
    return Judgement(
        Verdict.SUPPORTED, "At the same gain other text is harmed less, and the task is as accurate."
    )


def _left_out(found: Damage) -> str:
    """Say how many tasks and halves are not compared, and why; empty where all are."""
    why = []
    if found.idle:
        why.append(f"in {found.idle} a way gained nothing")
    if found.missed:
        why.append(f"in {found.missed} the gains could not be made the same")
    return f" (of tasks and halves, {' and '.join(why)})" if why else ""


def damage_finding(found: Damage) -> Finding:
    """Put the judgement in a finding."""
    judged = judge(found)
    if len(found.tasks) < FEWEST_TASKS:
        return finding(
            ACCOUNT,
            "5",
            found.model,
            judged,
            statement="Nothing was measured that could tell.",
            quantity="",
            measure=None,
            n=len(found.tasks),
            unit="tasks",
            controls=(),
        )
    ours, plain = (_mean(found.rise[way]) for way in (TUNED, PLAIN))
    told = {way: percent(float(found.right[way].mean())) for way in (TUNED, PLAIN)}
    shown = [
        control(
            "strongest",
            "no difference",
            Measure(0.0, 0.0, 0.0),
            "Other text is harmed alike; below it gradient differences harm it less.",
        ),
        control("ours", "rise with gradient differences", ours, "What they do to other text."),
        control(
            "plain",
            "rise with plain training on the good sentences",
            plain,
            "What ordinary training does to other text at the same gain.",
        ),
        control(
            "accuracy",
            "accuracy, less that of plain training",
            found.difference(found.right),
            f"What gradient differences lose or win in accuracy; {percent(MOST_LOST)} may be lost.",
        ),
    ]
    return finding(
        ACCOUNT,
        "5",
        found.model,
        judged,
        statement=f"Where both ways gained the same on a task, the loss on other text rose by "
        f"{ours.value:+.4f} nats a token with gradient differences and {plain.value:+.4f} with plain "
        f"training; {told[TUNED]} and {told[PLAIN]} of the task's other pairs were right, "
        f"{percent(float(found.before.mean()))} before{_left_out(found)}.",
        quantity="rise of the loss on other text, less that of plain training at the same gain, nats a token",
        measure=found.difference(found.rise),
        n=len(found.tasks),
        unit="tasks",
        controls=shown,
    )


def _mean(values: Array) -> Measure:
    return Measure(*jackknife(leave_one_out(lambda keep: float(values[keep].mean()), len(values))))
