"""The study on models whose mechanism is known: one is a kernel regression, the other has its parts alone."""

from __future__ import annotations

from functools import cache

import pyarrow as pa
import pytest

from taskscope.models.identity import identify, reference
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.report.findings import Finding, Verdict
from taskscope.studies.base import PlannedModel
from taskscope.studies.kernel_regression import parts
from taskscope.studies.kernel_regression.effects import measure as changing
from taskscope.studies.kernel_regression.effects.findings import effects
from taskscope.studies.kernel_regression.params import EFFECTS, WEIGHTS, profile
from taskscope.studies.kernel_regression.study import KERNEL_REGRESSION
from taskscope.studies.kernel_regression.weights import measure
from taskscope.studies.kernel_regression.weights.findings import weights

PARAMS = profile("smoke").model_copy(update={"parts": (WEIGHTS,)})
MEASURES = {WEIGHTS: measure.measure, EFFECTS: changing.measure}


@cache
def measured(name: str, part: str = WEIGHTS) -> pa.Table:
    spec = ModelSpec(name=name)
    known = identify(spec)
    planned = PlannedModel(
        ref=reference(spec), n_blocks=known.n_blocks, n_parameters=known.n_parameters, context=known.context
    )
    params = PARAMS.model_copy(update={"parts": (part,)})
    (cell,) = KERNEL_REGRESSION.plan(params, [planned])
    model = load(spec)
    with model.guard():
        rows = MEASURES[part](cell, model).rows
    for place, (column, value) in enumerate({"model": name, "task": "sentiment", "seed": 0}.items()):
        rows = rows.add_column(place, column, pa.array([value] * rows.num_rows))
    return rows


def judged(name: str) -> dict[str, Finding]:
    return {finding.claim: finding for finding in parts.analyse(measured(name), PARAMS)}


def test_the_planted_head_is_found_and_its_vote_is_the_answer() -> None:
    (found,) = weights(measured("planted-smoother"), PARAMS)
    assert found.heads.name(found.votes[0].head) == "block 2 head 0"
    assert found.agreement[0] == 1
    votes = judged("planted-smoother")["RQ4"]
    assert votes.verdict == Verdict.SUPPORTED
    strongest = next(control for control in votes.controls if control.name == votes.strongest)
    assert strongest.estimate < 0.95


def test_a_single_voting_head_is_too_few_to_say_where_such_heads_are() -> None:
    (found,) = weights(measured("planted-smoother"), PARAMS)
    assert [found.heads.name(int(head)) for head in found.voting_heads] == ["block 2 head 0"]
    assert judged("planted-smoother")["RQ3"].verdict == Verdict.INCONCLUSIVE


@pytest.mark.parametrize("claim", ["RQ2", "RQ3", "RQ4"])
def test_nothing_is_supported_on_the_null(claim) -> None:
    assert judged("null-smoother")[claim].verdict != Verdict.SUPPORTED


def test_the_planted_head_foretells_what_every_change_does() -> None:
    rows = measured("planted-smoother", EFFECTS)
    (found,) = effects(rows, 500)
    assert all(each.vote[0] > 0.7 for each in found.foretold)
    (finding,) = parts.analyse(rows, PARAMS)
    assert (finding.claim, finding.verdict) == ("RQ5", Verdict.SUPPORTED)
    by_name = {each.condition: each for each in found.tasks[0].effects}
    agrees = [each.agrees.value for each in by_name.values() if each.agrees is not None]
    assert sorted(agrees)[1:] == [1.0] * (len(agrees) - 1)  # it was never given values for unrelated words
