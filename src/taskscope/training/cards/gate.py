"""What the family is asked to show, worked out from the numbers of a card and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from taskscope.tasks.registry import PAPER_TASKS
from taskscope.training.cards.questions import NEW_TASK, SEEN

GAIN = 0.5
"""Rise of accuracy from no demonstrations to eight that counts as learning from them."""
FEW, NONE = "8", "0"


def gate(few_shot: list[dict[str, Any]], shared_inputs: dict[str, Any]) -> dict[str, Any]:
    """Judge few-shot learning.

    Args:
        few_shot: Rows of `few_shot.measure`.
        shared_inputs: What `shared_inputs.measure` returned.

    Returns:
        Tasks that gain at least `GAIN`; accuracy under another task's demonstrations beside the prior, and
        where it stays above; how often answers follow the demonstrations; held-out rules above what any guess
        would score. Both kinds of tasks with their accuracies, for a little above nothing is little.
    """
    asked = [
        row
        for row in few_shot
        if row["task"] in PAPER_TASKS and row["facts"] == SEEN and {FEW, NONE} <= row["by_count"].keys()
    ]
    learned = [row for row in asked if row["by_count"][FEW][0] - row["by_count"][NONE][0] >= GAIN]
    new = [row for row in few_shot if row["facts"] == NEW_TASK]
    above = [row for row in new if row["by_count"].get(FEW, (0, 0))[1] > floor(row)]
    return {
        "learned": {
            "rule": f"accuracy({FEW}) - accuracy({NONE}) >= {GAIN}, facts seen, of the 18 published tasks",
            "tasks": [row["task"] for row in learned],
            "n": len(learned),
            "of": len(PAPER_TASKS),
        },
        "other_task": _under_another_task(learned or asked),
        "shared_inputs": _followed(shared_inputs),
        "held_out_tasks": {
            "rule": "interval above the most frequent label and above every rule trained on",
            "tasks": {row["task"]: row["by_count"][FEW][0] for row in sorted(above, key=_task)},
            "of": sorted({row["task"] for row in new}),
        },
    }


def floor(row: dict[str, Any]) -> float:
    """What can be scored without the task: the most frequent label, or a rule learned before."""
    return max(row["best_label"], row["best_rule"])


def _under_another_task(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Accuracy under another task's demonstrations beside the prior, over the tasks that gain."""
    rows = [row for row in rows if row["other_task"]]
    if not rows:
        return {}
    priors = [max(row["best_label"], row["by_count"][NONE][0]) for row in rows]
    above = [row for row, prior in zip(rows, priors, strict=True) if row["other_task"][1] > prior]
    return {
        "accuracy": float(np.mean([row["other_task"][0] for row in rows])),
        "prior": float(np.mean(priors)),
        "own_task": float(np.mean([row["by_count"][FEW][0] for row in rows])),
        "above_the_prior": {row["task"]: row["other_task"][0] for row in sorted(above, key=_task)},
        "of": len(rows),
    }


def _followed(groups: dict[str, Any]) -> dict[str, Any]:
    """Mean share of answers that follow the task shown, and that follow another task of the group."""
    shown = [(name, told) for group in groups.values() for name, told in group["shown"].items()]
    if not shown:
        return {}
    others = [sum(share for task, share in told["answers"].items() if task != name) for name, told in shown]
    return {
        "follow": float(np.mean([told["follows"][0] for _, told in shown])),
        "another_task": float(np.mean(others)),
        "tasks_mostly_followed": sum(told["follows"][1] > 0.5 for _, told in shown),
        "of": len(shown),
    }


def _task(row: dict[str, Any]) -> str:
    return row["task"]
