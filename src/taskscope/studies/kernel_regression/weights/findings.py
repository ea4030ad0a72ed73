"""From the rows of weight cells to the findings on RQ2, RQ3 and RQ4."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from scipy.stats import hypergeom

from taskscope.report.findings import Control, Finding
from taskscope.stats.intervals import wilson
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.kernel_regression.claims import ACCOUNT
from taskscope.studies.kernel_regression.params import KernelRegressionParams
from taskscope.studies.kernel_regression.weights import grids
from taskscope.studies.kernel_regression.weights.resampling import (
    CONSTANT,
    LAST,
    MAJORITY,
    RANDOM,
    SHARED_GOLD,
    TEMPLATE,
    UNTRAINED,
    ModelWeights,
    resample,
)
from taskscope.studies.kernel_regression.weights.verdict import (
    judge_labels,
    judge_place,
    judge_votes,
    strongest,
)
from taskscope.studies.remembering import once_per_table
from taskscope.studies.wording import control, finding, percent

MEANINGS: Mapping[str, str] = {
    CONSTANT: "What a model that leans to one answer gives away without any vote.",
    MAJORITY: "What any head would reach that looks everywhere alike; demonstrations are balanced.",
    LAST: "What copying the nearest label would reach.",
    SHARED_GOLD: "What a vote reaches that is often right, for a model that is often right, if neither "
    "followed the other's errors.",
    RANDOM: "What weights reach that have nothing to do with the question.",
    TEMPLATE: "Whether any token that returns with every demonstration would be looked at as much.",
    UNTRAINED: "Whether the make of the model, and where labels stand, would be enough.",
}
BY_CHANCE = "placed at random"


@once_per_table
def weights(rows: pa.Table, params: KernelRegressionParams) -> list[ModelWeights]:
    """Read and resample what was measured on every model, in sorted order."""
    return [
        resample(model, some, grids.strips(rows, model), params.draws)
        for model, some in grids.settings(rows).items()
    ]


def findings(found: ModelWeights) -> list[Finding]:
    """Judge RQ2, RQ3 and RQ4 for one model."""
    return [_labels(found), _place(found), _votes(found)]


def _labels(found: ModelWeights) -> Finding:
    name = strongest(found.lifted_controls)
    middle = found.heads.depth > grids.AFTER_FIRST_THIRD
    return finding(
        ACCOUNT,
        "RQ2",
        found.model,
        judge_labels(found),
        statement=f"The last token looks at a label {np.median(found.lift[middle]):.1f} times as much as at "
        f"a demonstration's mean token (median of the heads after the first third of the blocks); the token "
        f"before it gets {np.median(found.template_lift[middle]):.1f} times as much. "
        f"{percent(found.lifted[0])} of these heads look at labels more than twice as much.",
        quantity="heads after the first third that look at labels more than twice as much as at a mean token",
        measure=Measure.of(found.lifted),
        n=sum(len(v.setting.selection.query) + len(v.setting.held_out.query) for v in found.votes),
        unit="prompts",
        controls=_controls(found.lifted_controls, name),
    )


def _place(found: ModelWeights) -> Finding:
    heads = found.voting_heads
    n, above = len(heads), int(found.upper[heads].sum())
    share = above / n if n else float("nan")
    low, high = wilson(share, n) if n else (float("nan"), float("nan"))
    first = ", ".join(found.heads.name(int(head)) for head in heads[:3])
    told = (
        f"The votes of {n} of {len(found.heads)} heads agree with the model more than chance allows the best "
        f"of them; {above} of these lie in the upper half of the blocks. First: {first}."
        if n
        else "No head's vote agrees with the model more than chance allows the best of all heads."
    )
    return finding(
        ACCOUNT,
        "RQ3",
        found.model,
        judge_place(found),
        statement=told,
        quantity="voting heads that lie in the upper half of the blocks",
        measure=Measure(share, float(low), float(high)) if n else None,
        n=n,
        unit="heads",
        controls=[_placed_at_random(found, n)],
    )


def _placed_at_random(found: ModelWeights, n: int) -> Control | None:
    """Share of heads in the upper half when as many are drawn from all."""
    total, upper = len(found.heads), int(found.upper.sum())
    if not n:
        return None
    low, high = (float(hypergeom.ppf(q, total, upper, n)) / n for q in (0.025, 0.975))
    measure = Measure(upper / total, low, high)
    return control("strongest", BY_CHANCE, measure, "Where as many heads drawn from all would lie.")


def _votes(found: ModelWeights) -> Finding:
    right = [_when_right(votes.setting.held_out, votes.head) for votes in found.votes]
    wrong = [share for _, share, _ in right if share is not None]
    errors = sum(n for *_, n in right)
    follows = (
        f" Where the model errs ({errors} questions), the vote is its answer "
        f"{percent(float(np.mean(wrong)))} of the time."
        if wrong
        else " The model makes no errors, so it cannot be seen whether the vote follows them."
    )
    chosen = ", ".join(dict.fromkeys(found.heads.name(votes.head) for votes in found.votes))
    judgement: Judgement = judge_votes(found)
    return finding(
        ACCOUNT,
        "RQ4",
        found.model,
        judgement,
        statement=f"The label vote of one head ({chosen}), chosen on other questions, is the model's answer "
        f"{percent(found.agreement[0])} of the time; {found.strongest} reaches "
        f"{percent(found.controls[found.strongest][0])}.{follows}",
        quantity="held-out questions on which the chosen head votes for the model's answer",
        measure=Measure.of(found.agreement),
        n=found.n_queries,
        unit="queries",
        controls=_controls(found.controls, found.strongest),
    )


def _when_right(judged: grids.Answers, head: int) -> tuple[float | None, float | None, int]:
    """Agreement of a head where the model is right and where it errs, and how often it errs."""
    agree = judged.published_votes[:, head] == judged.predicted
    right = judged.predicted == judged.gold
    of_right, of_wrong = agree[right], agree[~right]
    return (
        float(of_right.mean()) if len(of_right) else None,
        float(of_wrong.mean()) if len(of_wrong) else None,
        len(of_wrong),
    )


def _controls(values: Mapping[str, np.ndarray], name: str) -> list[Control | None]:
    return [
        control("strongest" if each == name else each, each, Measure.of(draws), MEANINGS[each])
        for each, draws in values.items()
    ]
