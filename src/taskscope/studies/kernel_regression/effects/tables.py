"""The tables of M7 to M10: what votes foretell, every condition, and the orders that the account expects."""

from __future__ import annotations

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.effects.findings import CONTROLS, Effect, Effects, ModelEffects


def tables(found: ModelEffects) -> list[Table]:
    """Tabulate one model."""
    return [_foretold(found), *(_conditions(task) for task in found.tasks)]


def _foretold(found: ModelEffects) -> Table:
    rows = tuple(
        (
            each.kind,
            _told(Measure.of(each.vote)),
            *(round(float(each.controls[name][0]), 4) for name in CONTROLS),
            _told(Measure.of(each.lead)),
            round(each.spread, 4),
        )
        for each in found.foretold
    )
    return Table(
        name=f"kernel-regression-{slug(found.model)}-effects",
        title="What the head's vote and simpler guesses foretell of each change",
        columns=("change", "the head's vote", *CONTROLS, "beyond the strongest", "s.d. of the change"),
        rows=rows,
        note="Correlations with the change of the probability of the right label from the plain condition, "
        "over questions and conditions, mean over tasks. The head is the one whose votes agree most on other "
        "questions.",
        model=found.model,
    )


def _conditions(found: Effects) -> Table:
    r = found.by_surprise
    return Table(
        name=f"kernel-regression-{slug(found.model)}-{slug(found.task)}-changes",
        title=f"Every change of demonstrations, labels and inputs: {found.task}",
        columns=(
            "condition",
            "accuracy",
            "right label",
            "change",
            "change of the vote",
            "vote is the answer",
            "effective demonstrations",
            "entropy of weights",
            "label lift",
        ),
        rows=tuple(map(_condition, found.effects)),
        note=f"{found.n_questions} held-out questions, the same in every condition; 'right label' is its "
        "probability among the labels. With new words or labels, the right one is that of the question's "
        "class under the new names. Medians over questions from 'effective demonstrations' on: 1 / sum of "
        "squared weights; entropy as a share of that of equal weights; weight per token of a label over that "
        "of a demonstration. Accuracy and log perplexity of inputs written in all ways: rank correlation "
        f"{r.value:+.2f} ({r.low:+.2f} to {r.high:+.2f}). Published for GPT-J 6B on SST-2, inputs rewritten "
        "by a chat model: plain 80.5 %, rare words 67.7 %, complex syntax 78.8 %, typos 53.4 %; rewritten "
        "here by rule, so that only the order can be compared.",
        model=found.model,
    )


def _condition(each: Effect) -> tuple[str | float | None, ...]:
    looked = (
        None if each.vote_gain is None else each.vote_gain.value,
        None if each.agrees is None else each.agrees.value,
        each.effective,
        each.entropy,
        each.lift,
    )
    return (
        each.condition,
        _told(each.accuracy),
        round(each.answer.value, 4),
        _told(each.gain),
        *(None if value is None else round(value, 4) for value in looked),
    )


def _told(measure: Measure) -> str:
    return f"{measure.value:.3f} ({measure.low:.3f} to {measure.high:.3f})"
