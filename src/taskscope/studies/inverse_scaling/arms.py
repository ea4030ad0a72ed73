"""The arms of a task: the task itself, and what is asked beside it (E3, E7)."""

from __future__ import annotations

import re

TASK = "task"
DISTRACTOR = "distractor"
TRUE = "true"
CONTROL = "control"
SWAPPED = "swapped"
CORRECTED = "corrected"
ONE_SHOT = "one shot"
REASONED = "reasoning"
FILLED = "filler"
COVERED = "coverage matched"
"""No arm that is asked: the task itself among items of like coverage (E7 c)."""
RENAMED = "renamed"
STRENGTH = "strength "
"""What precedes the number in the name of an arm with another strength of the distractor."""
_SHOWN = re.compile(r"(?:one shot|(\d+) shots)(?:, draw (\d+))?")
"""Name of an arm with demonstrations: how many, and which draw of them if not the first."""
PUBLISHED = "published"
"""No arm: rows that hold published means of whole models, drawn and never classified."""

PROBES = (DISTRACTOR, TRUE, CONTROL)
"""Arms beside the task, as the generators name them (E7 d, e)."""
ARTEFACTS = (SWAPPED, CORRECTED)
"""Arms in which a fall must be found again, or it is suspected to be an artefact (E7 a, b)."""

LABELS = {
    TASK: "the task",
    DISTRACTOR: "the distractor task alone",
    TRUE: "the true task alone",
    CONTROL: "the same form without the trap",
    SWAPPED: "options or labels exchanged",
    CORRECTED: "bias for a class taken away",
    ONE_SHOT: "after one demonstration",
    COVERED: "among items of like coverage",
    RENAMED: "with neutral words for labels",
    REASONED: "after reasoning of its own",
    FILLED: "after as many tokens that say nothing",
}


def with_shots(k: int, draw: int = 1) -> str:
    """Name the arm that is asked after k demonstrations; the task itself for none.

    Args:
        k: How many.
        draw: Which draw of demonstrations, counted from 1.
    """
    name = f"{k} shots" if k > 1 else (TASK, ONE_SHOT)[k]
    return name if draw == 1 or not k else f"{name}, draw {draw}"


def shots(arm: str) -> int | None:
    """Return the demonstrations in front of an arm; None for an arm that differs in something else."""
    if arm == TASK:
        return 0
    match = _SHOWN.fullmatch(arm)
    return int(match[1] or 1) if match else None


def draw(arm: str) -> int:
    """Return which draw of demonstrations an arm has, counted from 1."""
    match = _SHOWN.fullmatch(arm)
    return int(match[2] or 1) if match else 1


def with_strength(value: float) -> str:
    """Name the arm whose distractor is that strong."""
    return f"{STRENGTH}{value:g}"


def strength(arm: str) -> float | None:
    """Return the strength of the distractor in an arm; None for an arm that differs in something else."""
    return float(arm.removeprefix(STRENGTH)) if arm.startswith(STRENGTH) else None


def in_words(arm: str) -> str:
    """Describe an arm in words."""
    if arm in LABELS:
        return LABELS[arm]
    value, count = strength(arm), shots(arm)
    if value is not None:
        return f"the trap at strength {value:g}"
    told = LABELS[ONE_SHOT] if count == 1 else f"after {count} demonstrations"
    return told if draw(arm) == 1 else f"{told}, draw {draw(arm)}"
