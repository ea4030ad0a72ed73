"""How measures are put into words and controls, in every finding of the study."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from taskscope.report.findings import Control
from taskscope.studies import wording
from taskscope.studies.judgement import Measure
from taskscope.studies.task_vectors.claims import ACCOUNT
from taskscope.studies.wording import control

finding = partial(wording.finding, ACCOUNT)


def controls_of_tasks(
    strongest: np.ndarray,
    controls: Mapping[str, np.ndarray],
    meanings: Mapping[str, str],
    beside: Mapping[str, tuple[np.ndarray, str]],
) -> list[Control | None]:
    """List what a mean over tasks is read against: its strongest control, every control, and what is none.

    Args:
        strongest: Estimate and resamples (1 + draw,) of the best control, chosen for each task.
        controls: The same of each control.
        meanings: What each control would show.
        beside: Measures shown on the same axis that are no controls, each with its meaning.
    """
    found = [
        control(
            "strongest",
            "strongest control of each task",
            Measure.of(strongest),
            "The best of all controls, chosen for each task on other queries; the verdict is against it.",
        )
    ]
    found += [
        control(_identifier(label), label, Measure.of(draws), meanings[label])
        for label, draws in controls.items()
    ]
    return found + [
        control(_identifier(label), label, Measure.of(draws), f"{meaning} No control.")
        for label, (draws, meaning) in beside.items()
    ]


def _identifier(label: str) -> str:
    return label.replace(" ", "-").replace("'", "")
