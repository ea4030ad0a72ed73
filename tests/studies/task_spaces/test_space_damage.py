"""Two ways of tuning are brought to the same gain, and what they do to other text is told."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
import torch

from taskscope.models import gradients
from taskscope.models.contrasts import Contrasts
from taskscope.models.deltas import Delta
from taskscope.models.language_model import LanguageModel
from taskscope.models.loading import load
from taskscope.report.findings import Verdict
from taskscope.studies.task_spaces.calibration import CALIBRATION
from taskscope.studies.task_spaces.damage.findings import damage_finding, damages
from taskscope.studies.task_spaces.damage.gains import alike, length_for
from taskscope.studies.task_spaces.damage.measure import OtherText, compare_at_equal_gain
from taskscope.studies.task_spaces.params import PLAIN, TUNED
from taskscope.tasks import pair_registry


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return load("pico-xs")


@pytest.fixture(scope="module")
def other(model: LanguageModel) -> OtherText:
    return OtherText(model)


@pytest.fixture(scope="module")
def pairs(model: LanguageModel) -> Contrasts:
    [paradigm] = pair_registry.get("what-with-gap")
    return model.contrasts([(pair.good, pair.bad) for pair in paradigm.pairs[:8]])


@pytest.fixture(scope="module")
def step(model: LanguageModel, pairs: Contrasts) -> Delta:
    """A step uphill."""
    gradient, _ = gradients.margin(model.executor, pairs)
    square = sum(float(part.double().square().sum()) for part in gradient.values())
    mask = gradients.everything(gradient)
    return Delta.of(mask, {name: part.flatten() / square for name, part in gradient.items()})


def gain(model: LanguageModel, pairs: Contrasts, delta: Delta) -> float:
    before = model.score_contrasts(pairs)
    with model.edited(delta):
        after = model.score_contrasts(pairs)
    return float(((after - before)[:, 0] - (after - before)[:, 1]).mean())


def test_the_loss_on_other_text_is_that_of_whole_sentences(model, other) -> None:
    from taskscope.tasks import texts

    chosen = [text.text for name in ("sentiment", "topics") for text in texts.build(name).test[:48]]
    total = -sum(model.score([("", text) for text in chosen]))
    assert other.first == pytest.approx(total / other.laid.counts.sum(), abs=1e-5)


def test_the_longer_change_is_shortened_to_the_gain_of_the_other(model, other, pairs, step) -> None:
    ways = {TUNED: step.scaled(2.0), PLAIN: step.scaled(0.5)}
    ours, plain = compare_at_equal_gain(model, other, pairs, pairs, ways)
    assert (ours["condition"], plain["condition"]) == (TUNED, PLAIN)
    assert plain["norm"] == pytest.approx(ways[PLAIN].norm)
    assert plain["gain"] == pytest.approx(gain(model, pairs, ways[PLAIN]), abs=1e-5)
    assert alike(ours["gain"], plain["gain"])
    assert ours["norm"] == pytest.approx(plain["norm"], rel=0.05), "they point the same way"
    assert np.mean(ours["margins"]) == pytest.approx(np.mean(plain["margins"]), abs=0.05)
    assert ours["rise"] == pytest.approx(plain["rise"], abs=2e-3)


@pytest.mark.parametrize("power", [0.25, 1, 2, 4, 12])
@pytest.mark.parametrize("whole", [1.01, 1.5, 5.0, 100.0])
def test_gains_that_bend_are_met(power: float, whole: float) -> None:
    """Convex as well as concave: gain = whole length^power, goal 1."""
    asked: list[float] = []

    def bent(length: float) -> float:
        asked.append(length)
        return whole * length**power

    length, reached = length_for(bent, whole, 1.0)
    assert alike(reached, 1.0) and reached == pytest.approx(whole * length**power)
    assert len(asked) <= 16
    if whole <= 1.01:
        assert length == 1.0 and not asked, "it is near enough as it is"


def test_a_gain_that_jumps_is_not_met_and_says_so() -> None:
    length, reached = length_for(lambda length: 0.0 if length < 0.4 else 3.0, 3.0, 1.0)
    assert reached in (0.0, 3.0) and length <= 1.0 and not alike(reached, 1.0)


def test_where_a_way_gains_nothing_nothing_is_compared(model, other, pairs, step) -> None:
    ways = {TUNED: step, PLAIN: step.scaled(-1.0)}
    ours, plain = compare_at_equal_gain(model, other, pairs, pairs, ways)
    assert ours.keys() == plain.keys() == {"part", "condition", "gain"}
    assert ours["gain"] == pytest.approx(gain(model, pairs, step), abs=1e-5)


def test_a_change_of_nothing_raises_nothing(model, other, step) -> None:
    assert other.rise(model, step.scaled(0.0)) == 0.0
    noise = {
        name: torch.from_numpy(np.random.default_rng(0).normal(0, 0.3, len(part)).astype(np.float32))
        for name, part in step.values.items()
    }
    mask = {name: torch.ones(step.shapes[name], dtype=torch.bool) for name in step.shapes}
    assert other.rise(model, Delta.of(mask, noise)) > 0.1


@pytest.mark.parametrize(
    ("world", "verdict"),
    [
        ("less damage", Verdict.SUPPORTED),
        ("the same damage", Verdict.INCONCLUSIVE),
        ("less damage, less right", Verdict.CONTRADICTED),
        ("more damage", Verdict.CONTRADICTED),
    ],
)
def test_worlds_are_judged_as_they_are(world: str, verdict: Verdict) -> None:
    found = next(each for each in CALIBRATION.scenarios if each.name == world)
    [each] = damages(found.simulate(CALIBRATION.params, np.random.default_rng(1)))
    judged = damage_finding(each)
    assert judged.verdict == verdict
    assert judged.estimate == pytest.approx((each.rise[TUNED] - each.rise[PLAIN]).mean(), abs=1e-4)
    told = {control.name: control.estimate for control in judged.controls}
    assert told.keys() == {"strongest", "ours", "plain", "accuracy"} and told["strongest"] == 0
    assert judged.estimate == pytest.approx(told["ours"] - told["plain"], abs=1e-4)
    if verdict == Verdict.SUPPORTED:
        assert judged.interval is not None and judged.interval.high < 0, "what is drawn is what decides"


def test_few_tasks_are_not_judged() -> None:
    world = next(each for each in CALIBRATION.scenarios if each.name == "less damage")
    rows = world.simulate(CALIBRATION.params, np.random.default_rng(0))
    few = rows.filter([name in {f"task-0{i}" for i in range(5)} for name in rows["judged"].to_pylist()])
    [each] = damages(few)
    judged = damage_finding(each)
    assert judged.verdict == Verdict.INCONCLUSIVE and "5 tasks" in judged.reason and judged.estimate is None


def changed(
    rows: pa.Table, name: str, value: float | None, keep: Callable[[dict[str, object]], bool]
) -> pa.Table:
    """Put a value into a column wherever a row is to be changed."""
    told = [value if keep(row) else row[name] for row in rows.to_pylist()]
    return rows.set_column(
        rows.schema.get_field_index(name), rows.schema.field(name), pa.array(told, pa.float64())
    )


def test_gains_that_differ_are_left_out_and_counted() -> None:
    world = next(each for each in CALIBRATION.scenarios if each.name == "less damage")
    rows = world.simulate(CALIBRATION.params, np.random.default_rng(0))
    [whole] = damages(rows)

    def one(row: dict[str, object]) -> bool:
        return row["part"] == "text" and row["judged"] == "task-03" and row["condition"] == TUNED

    [short] = damages(changed(rows, "gain", 0.6, one))
    assert (whole.missed, short.missed, short.idle) == (0, 2, 0)
    assert set(whole.tasks) - set(short.tasks) == {"task-03"}
    assert "in 2 the gains could not be made the same" in damage_finding(short).statement
    [close] = damages(changed(rows, "gain", 0.79, one))
    assert close.tasks == whole.tasks


def test_where_plain_training_gains_nothing_the_claim_was_asked_and_is_open() -> None:
    world = next(each for each in CALIBRATION.scenarios if each.name == "less damage")
    rows = world.simulate(CALIBRATION.params, np.random.default_rng(0))
    [none] = damages(changed(rows, "rise", None, lambda row: row["part"] == "text"))
    judged = damage_finding(none)
    assert none.tasks == () and none.idle > 0 and judged.n == 0
    assert judged.verdict == Verdict.INCONCLUSIVE and judged.estimate is None
    assert "0 tasks" in judged.reason and "gained nothing" in judged.reason
