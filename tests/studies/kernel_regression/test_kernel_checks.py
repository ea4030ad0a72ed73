"""The table of other choices (M5, M12) against numbers by hand, on two tasks that different heads vote on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from taskscope.studies.kernel_regression.calibration import PARAMS
from taskscope.studies.kernel_regression.weights import tables, voting
from taskscope.studies.kernel_regression.weights.findings import weights
from taskscope.studies.kernel_regression.weights.grids import HELD_OUT
from taskscope.studies.kernel_regression.weights.resampling import ModelWeights
from taskscope.studies.kernel_regression.weights.rows import ONE_LABEL
from taskscope.studies.kernel_regression.weights.simulation import SCENARIOS

ONE_VOTER = replace(SCENARIOS[0], voters=1)


@pytest.fixture(scope="module")
def found() -> ModelWeights:
    parts = []
    for seed, task in enumerate(("animals", "books")):
        rows = ONE_VOTER.simulate(PARAMS, np.random.default_rng(seed))
        parts.append(rows.set_column(rows.column_names.index("task"), "task", pa.array([task] * len(rows))))
    (one,) = weights(pa.concat_tables(parts).unify_dictionaries(), PARAMS)
    return one


def row(found: ModelWeights, name: str, number: int) -> dict:
    table = next(t for t in tables.tables(found) if t.name.endswith(name))
    return dict(zip(table.columns, table.rows[number], strict=True))


def test_a_head_chosen_on_another_task_is_that_tasks(found: ModelWeights) -> None:
    """Whose votes are as good as a coin here: a head of the task's own is needed."""
    own, other = (votes.head for votes in found.votes)
    assert own != other
    for number, head in enumerate((other, own)):
        checks, judged = row(found, "checks", number), found.votes[number].setting.held_out
        share = (judged.published_votes[:, head] == judged.predicted).mean()
        assert checks["head of other tasks"] == pytest.approx(share, abs=1e-4)
        assert checks["head of other tasks"] < 0.65 < 0.85 < checks["agreement"]


def test_agreement_is_told_where_the_model_is_right_and_where_it_errs(found: ModelWeights) -> None:
    checks, votes = row(found, "checks", 0), found.votes[0]
    judged = votes.setting.held_out
    agree, right = judged.published_votes[:, votes.head] == judged.predicted, judged.predicted == judged.gold
    assert checks["errors"] == (~right).sum() > 20
    parts = checks["model right"] * right.sum() + checks["model errs"] * checks["errors"]
    assert parts / len(right) == pytest.approx(agree.mean(), abs=1e-3) == checks["agreement"]
    # This head follows the model into its errors, which one that is merely right could not.
    assert checks["model errs"] > 0.75 and checks["gold"] < checks["agreement"]
    counts = np.bincount(judged.predicted, minlength=2)
    assert checks["answers by class"] == f"{counts[0]} {counts[1]}"


def test_five_heads_vote_with_their_mean_shares(found: ModelWeights) -> None:
    votes = found.votes[0]
    setting, judged = votes.setting, votes.setting.held_out
    agreement = voting.agreement_map(setting.selection)
    five = sorted(range(len(agreement)), key=lambda head: -agreement[head])[:5]
    assert five[0] == votes.head
    by_hand = (judged.shares[:, five].sum(axis=1).argmax(axis=1) == judged.predicted).mean()
    checks = row(found, "checks", 0)
    assert checks["five heads"] == pytest.approx(by_hand, abs=1e-4)
    assert checks["five heads"] < checks["agreement"], "four heads that vote at random outvote the fifth"
    assert checks["on selection"] == pytest.approx(agreement.max(), abs=1e-4)


def test_what_the_model_says_where_all_labels_are_one(found: ModelWeights) -> None:
    single = found.votes[0].setting.answers[HELD_OUT, ONE_LABEL]
    told = row(found, "checks", 0)["one label"]
    assert told == pytest.approx((single.predicted == single.shown[:, 0]).mean(), abs=1e-4)


def test_aggregations_that_vote_alike_rank_heads_alike(found: ModelWeights) -> None:
    table = next(t for t in tables.tables(found) if t.name.endswith("aggregations"))
    rows = [dict(zip(table.columns, each, strict=True)) for each in table.rows]
    assert len(rows) == 2 * 5 and {each["like the published one"] for each in rows} == {1.0}
    assert all(each["head"] == found.heads.name(found.votes[0].head) for each in rows[:5])
