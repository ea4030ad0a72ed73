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
from taskscope.studies.kernel_regression.influence import measure as swapping
from taskscope.studies.kernel_regression.influence.findings import Influence, influences
from taskscope.studies.kernel_regression.params import EFFECTS, WEIGHTS, profile
from taskscope.studies.kernel_regression.study import KERNEL_REGRESSION
from taskscope.studies.kernel_regression.weights import measure
from taskscope.studies.kernel_regression.weights.findings import weights
from taskscope.studies.kernel_regression.weights.orders import orders
from taskscope.studies.kernel_regression.weights.resampling import RANDOM
from taskscope.training.smoother.network import SHOWN

PARAMS = profile("smoke").model_copy(update={"parts": (WEIGHTS,)})
INFLUENCE = "influence"
MEASURES = {WEIGHTS: measure.measure, EFFECTS: changing.measure, INFLUENCE: swapping.measure}


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


def test_no_order_moves_the_planted_answer() -> None:
    """A kernel regression knows no order: up to rounding, each position counts alike."""
    (found,) = orders(measured("planted-smoother"), PARAMS)
    assert found.mean.turned.value == 0 and found.mean.spread.high < 1e-5
    assert [each.value for each in found.mean.weights] == pytest.approx([1 / PARAMS.k] * PARAMS.k, abs=1e-4)


def influence(name: str) -> Influence:
    (found,) = influences(measured(name, INFLUENCE), 500)
    return found


def test_a_swapped_label_moves_the_planted_answer_by_the_weight_of_its_demonstration() -> None:
    """Slope 1, in logits, which are `SHOWN` times the vote; probabilities are a softmax of them."""
    found = influence("planted-smoother")
    assert found.sites[found.chosen] == (2, 0)
    worth = found.head.worth
    for nats in (worth.low, worth.value, worth.high):
        assert nats / SHOWN == pytest.approx(1, abs=1e-5)
    assert found.head.correlation.value == pytest.approx(1, abs=1e-6)
    assert found.by_position.correlation.value < 0.5 and found.permuted.correlation.low < 0.3
    lost = next(one.beyond for one in found.ablations if one.beyond is not None)
    assert lost.low > 0, "the answers need it, and no head like it"


def test_a_swapped_label_moves_nothing_in_the_null() -> None:
    found = influence("null-smoother")
    assert abs(found.head.worth.value) < 1e-5 and found.head.auc.value == 0.5
    assert all(one.beyond.low <= 0 for one in found.ablations if one.beyond is not None)


@pytest.mark.parametrize("claim", ["RQ2", "RQ3", "RQ4", "RQ5"])
def test_nothing_is_supported_on_the_null(claim) -> None:
    rows = measured("null-smoother", EFFECTS) if claim == "RQ5" else measured("null-smoother")
    findings = {finding.claim: finding for finding in parts.analyse(rows, PARAMS)}
    assert findings[claim].verdict != Verdict.SUPPORTED


def test_the_nulls_best_head_agrees_as_often_as_random_attention_does() -> None:
    """On the queries that chose it no more than the best head does by luck, on others no more than random."""
    (found,) = weights(measured("null-smoother"), PARAMS)
    votes = judged("null-smoother")["RQ4"]
    by_name = {control.name: control for control in votes.controls}
    assert votes.interval.low <= by_name[RANDOM].estimate <= votes.interval.high
    assert not len(found.voting_heads) and found.p_selection > 0.05


def test_the_planted_head_foretells_what_every_change_does() -> None:
    rows = measured("planted-smoother", EFFECTS)
    (found,) = effects(rows, 500)
    assert all(each.vote[0] > 0.7 for each in found.foretold)
    (finding,) = parts.analyse(rows, PARAMS)
    assert (finding.claim, finding.verdict) == ("RQ5", Verdict.SUPPORTED)
    by_name = {each.condition: each for each in found.tasks[0].effects}
    agrees = [each.agrees.value for each in by_name.values() if each.agrees is not None]
    assert sorted(agrees)[1:] == [1.0] * (len(agrees) - 1)  # it was never given values for unrelated words
