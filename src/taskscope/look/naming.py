"""The sentence about the nearest task: which one, or why none is named."""

from __future__ import annotations

import math

from taskscope.look.nearest import Ranking
from taskscope.look.result import Likeness, Nearest

ABLE = 0.5
"""Share of a task's own prompts that a model must answer right, or being near to that task means little."""


def name(ranking: Ranking | None, able: float | None, k: int) -> Nearest:
    """Name the nearest task or abstain.

    Args:
        ranking: The tasks by similarity; None where there is no demonstration or no reference.
        able: Share of the nearest task's reference prompts that the model answers right.
        k: Demonstrations of the prompt.
    """
    if ranking is None:
        reason = (
            "The built-in tasks' prompts do not fit into the context of this model."
            if k
            else "The prompt shows no demonstrations, so there is no task to recognise."
        )
        return Nearest(named=None, reason=reason)
    reason = _against(ranking, able)
    first, rules = ranking.tasks[0], ranking.rules
    return Nearest(
        named=None if reason else first,
        reason=reason
        or f"It is nearer to {first} ({ranking.similarities[0]:.2f}) than nonsense comes to any task "
        f"({rules.similarity:.2f}), and clear of the second, {ranking.tasks[1]} "
        f"({ranking.similarities[1]:.2f}).",
        block=rules.block,
        tasks=tuple(
            Likeness(task=task, similarity=float(s))
            for task, s in zip(ranking.tasks, ranking.similarities, strict=True)
        ),
        similarity_needed=_finite(rules.similarity),
        lead_needed=_finite(rules.lead),
        able=able,
        checked=rules.named_right,
    )


def _against(ranking: Ranking, able: float | None) -> str:
    """Say what speaks against naming the first task; empty where nothing does."""
    first, second = ranking.tasks[:2]
    if not ranking.near:
        return (
            f"The nearest, {first}, is at {ranking.similarities[0]:.2f}; nonsense demonstrations come as "
            f"near as {ranking.rules.similarity:.2f} to some task, so this may be no known task."
        )
    if not ranking.clear:
        return (
            f"It lies between {first} ({ranking.similarities[0]:.2f}) and {second} "
            f"({ranking.similarities[1]:.2f}): too close to say which."
        )
    if able is None or able < ABLE:
        can = "cannot be checked on" if able is None else f"gets only {able:.0%} right of"
        return (
            f"The nearest is {first}, but the model {can} that task's own prompts, so the name would say "
            "little."
        )
    return ""


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
