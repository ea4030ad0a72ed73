"""The figures of RQ5: what votes foretell of every kind of change, and what each change does."""

from __future__ import annotations

from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.drawing import intervals, of_model, of_task
from taskscope.studies.kernel_regression.effects import conditions
from taskscope.studies.kernel_regression.effects.findings import CONTROLS, VOTE, Effects, ModelEffects

ANSWER, HEAD = "the answer", "the head's vote"


def figures(found: ModelEffects) -> list[Figure]:
    """Draw one model."""
    return [_foretold(found), *(_gains(task) for task in found.tasks)]


def _foretold(found: ModelEffects) -> Figure:
    least = min(found.foretold, key=lambda each: float(each.lead[0]))
    return of_model(
        found.model,
        "effects",
        "Does the vote move as the answer moves?",
        f"A dot to the right of every grey one: the vote foretells the change. It does so least with "
        f"{least.kind}: {least.vote[0]:+.2f}, where {least.strongest} reaches "
        f"{least.controls[least.strongest][0]:+.2f}.",
        (
            "Interval chart",
            "correlation of the change of the head's vote, and of controls, with the change of the answer, "
            "for four kinds of change.",
        ),
        intervals(
            (
                (each.kind, name, Measure.of(draws))
                for each in found.foretold
                for name, draws in {VOTE: each.vote, **each.controls}.items()
            ),
            Axis("r", "correlation with the change of the answer", format=".1f"),
            "change",
            "foretold by",
            order=(VOTE, *CONTROLS),
            controls=CONTROLS,
            rules=(Rule(0.0, "says nothing", across="x"),),
        ),
    )


def _gains(found: Effects) -> Figure:
    points = []
    for each in found.effects:
        if each.vote_gain is None or each.condition == conditions.RANDOM:
            continue
        points += [(each.condition, ANSWER, each.gain), (each.condition, HEAD, each.vote_gain)]
    plain = next(each for each in found.effects if each.condition == conditions.RANDOM)
    return of_task(
        found,
        "changes",
        "What each change does",
        f"With texts drawn at random the right label gets {plain.answer.value:.0%}; each row says how "
        "much more or less it gets under a change, and what the vote of one head makes of the same prompts.",
        (
            "Interval chart",
            "change of the probability of the right label, and of the head's vote for it, under every "
            "condition.",
        ),
        intervals(
            points,
            Axis("gain", "change of the share of the right label", format="+.0%"),
            "change",
            "of",
            order=(ANSWER, HEAD),
            rules=(Rule(0.0, "no change", across="x"),),
        ),
    )
