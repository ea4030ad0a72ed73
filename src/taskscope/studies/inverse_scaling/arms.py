"""The arms of a task: the task itself, and what is asked beside it (E3, E7)."""

from __future__ import annotations

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
SHOTS = " shots"
"""What follows the number in the name of an arm with several demonstrations."""
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


def with_shots(k: int) -> str:
    """Name the arm that is asked after k demonstrations; the task itself for none."""
    return f"{k}{SHOTS}" if k > 1 else (TASK, ONE_SHOT)[k]


def shots(arm: str) -> int | None:
    """Return the demonstrations in front of an arm; None for an arm that differs in something else."""
    if arm in (TASK, ONE_SHOT):
        return int(arm == ONE_SHOT)
    return int(arm.removesuffix(SHOTS)) if arm.endswith(SHOTS) else None


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
    value = strength(arm)
    return f"after {shots(arm)} demonstrations" if value is None else f"the trap at strength {value:g}"
