"""The arms of a task: the task itself, and what is asked beside it (E3, E7)."""

from __future__ import annotations

TASK = "task"
DISTRACTOR = "distractor"
TRUE = "true"
CONTROL = "control"
SWAPPED = "swapped"
CORRECTED = "corrected"
ONE_SHOT = "one shot"
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
}
