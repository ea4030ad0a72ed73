"""From resampled curves to the findings on H1 and H2."""

from __future__ import annotations

import numpy as np

from taskscope.report.findings import Control, Finding
from taskscope.studies.judgement import Measure
from taskscope.studies.structured_tasks.claims import ACCOUNT
from taskscope.studies.structured_tasks.curves.conditions import (
    CIPHERED,
    LEARNERS,
    RENAMED,
    SCRAMBLED,
    SWAPPED,
    UNLEARNABLE,
    VANILLA,
    WHOLE,
)
from taskscope.studies.structured_tasks.curves.resampling import ModelCurves
from taskscope.studies.structured_tasks.curves.verdict import judge_learning, judge_selection
from taskscope.studies.wording import control, finding, percent

UNIT = "draws of demonstrations"


def selection(found: ModelCurves) -> Finding:
    """Judge H1."""
    return finding(
        ACCOUNT,
        "H1",
        found.model,
        judge_selection(found),
        statement=_selection_statement(found),
        quantity="macro-F1 with new label words",
        measure=_mean(found, RENAMED),
        n=found.n_units,
        unit=UNIT,
        controls=_controls(
            found,
            (UNLEARNABLE,),
            {
                VANILLA: ("the task as it is", "What there is to reach. No control."),
                SWAPPED: (
                    "label words exchanged",
                    "Whether a label's own meaning holds it back: old words in new places. No control.",
                ),
            },
        ),
    )


def learning(found: ModelCurves) -> Finding:
    """Judge H2."""
    beside = {
        name: (LEARNERS[name], "A learner on the same demonstrations, which no cipher disturbs. No control.")
        for name in LEARNERS
    }
    beside[WHOLE] = ("texts and template in cipher", "The published form of the test. No control.")
    return finding(
        ACCOUNT,
        "H2",
        found.model,
        judge_learning(found),
        statement=_learning_statement(found),
        quantity="macro-F1 on texts in cipher",
        measure=_mean(found, CIPHERED),
        n=found.n_units,
        unit=UNIT,
        controls=_controls(found, (SCRAMBLED,), beside),
    )


def _mean(found: ModelCurves, condition: str) -> Measure | None:
    tasks = found.able
    if not tasks or any(condition not in task.f1 for task in tasks):
        return None
    return Measure.of(found.mean([task.last(condition) for task in tasks]))


def _controls(
    found: ModelCurves, controls: tuple[str, ...], beside: dict[str, tuple[str, str]]
) -> list[Control | None]:
    """List the strongest control first, then each of them, then what is shown beside them."""
    tasks = found.able
    if not tasks or any(name not in task.f1 for name in controls for task in tasks):
        return []
    strongest = Measure.of(found.mean([task.floor(*controls) for task in tasks]))
    guessing = float(np.mean([task.grid.guessing for task in tasks]))
    one_class = float(np.mean([task.grid.one_class for task in tasks]))
    labels = {
        UNLEARNABLE: ("labels at random", "The same words as labels, given at random: nothing to learn."),
        SCRAMBLED: ("a new cipher at each token", "The same with a fresh image at each occurrence."),
    }
    found_controls = [
        control(
            "strongest",
            "strongest control of each task",
            strongest,
            "Guessing, or the control below where it scores higher; the verdict is against it.",
        )
    ]
    for name, (label, meaning) in {**{c: labels[c] for c in controls}, **beside}.items():
        measure = _mean(found, name)
        if measure is not None:
            found_controls.append(control(name.replace(" ", "-"), label, measure, meaning))
    for name, value, meaning in (
        ("guessing", guessing, "Macro-F1 of a uniform guess."),
        (
            "one class",
            one_class,
            "Macro-F1 of always giving one class: below guessing, and no anti-learning.",
        ),
    ):
        found_controls.append(control(name.replace(" ", "-"), name, Measure(value, value, value), meaning))
    return found_controls


def _selection_statement(found: ModelCurves) -> str:
    vanilla, renamed = _mean(found, VANILLA), _mean(found, RENAMED)
    if vanilla is None or renamed is None:
        return "The model does none of these tasks, so it cannot be asked how it does them."
    return (
        f"With {_shots(found)} demonstrations the model reaches {percent(vanilla.value)} macro-F1 on "
        f"{_tasks(found)} as they are, and {percent(renamed.value)} when every label word is replaced by a "
        f"random word."
    )


def _learning_statement(found: ModelCurves) -> str:
    ciphered, logistic = _mean(found, CIPHERED), _mean(found, "token_logistic")
    if ciphered is None or logistic is None:
        return "Nothing can be said about learning from ciphered texts."
    return (
        f"With the words of {_shots(found)} demonstrations and of the query in a cipher, the model reaches "
        f"{percent(ciphered.value)} macro-F1; logistic regression, which a cipher does not disturb, "
        f"{percent(logistic.value)} from the same demonstrations."
    )


def _shots(found: ModelCurves) -> str:
    return " or ".join(str(s) for s in sorted({task.grid.shots[-1] for task in found.able}))


def _tasks(found: ModelCurves) -> str:
    names = [task.grid.task for task in found.able]
    return "the task " + names[0] if len(names) == 1 else f"{len(names)} tasks"
