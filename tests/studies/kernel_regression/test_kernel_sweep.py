"""Right answers and votes by number of demonstrations, where it is known who decides (M0, M6)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import rival_world as world

from taskscope.studies.kernel_regression.encoders import sweep
from taskscope.studies.kernel_regression.encoders.findings import HEAD
from taskscope.studies.kernel_regression.rivals.kernels import PREDICTION, TEMPERED, WORDS, kernel_votes
from taskscope.studies.kernel_regression.rivals.rows import rivals


def by_likeness(held: dict[str, np.ndarray], shots: int, rng: np.random.Generator) -> np.ndarray:
    """A sharp kernel between texts decides, but for a noise that shrinks as demonstrations are added."""
    points, classes = held["points"][:, : shots + 1], held["classes"][:, :shots]
    votes = kernel_votes(points @ points.transpose(0, 2, 1), classes, world.CLASSES, TEMPERED[2])
    law = np.clip(votes + rng.normal(size=(len(votes), 1)) * [4, -4] / shots, 1e-3, None)
    return np.log(law / law.sum(axis=1, keepdims=True))


def swept(decide: world.Decide) -> tuple[sweep.Sweep, dict[str, sweep.Line]]:
    (found,) = sweep.sweeps(world.rows(decide), 500)
    return found, {line.name: line for line in found.lines}


def test_a_kernel_that_decides_comes_nearer_with_every_doubling_and_needs_its_temperature() -> None:
    _, lines = swept(by_likeness)
    own, blind = lines[PREDICTION], lines[WORDS]
    assert own.slope is not None and own.slope.low > 0
    assert own.tempered is not None and own.tempered.low > 0.05
    assert max(blind.shares[-1].high, lines[HEAD].shares[-1].high) < own.shares[-1].value


def test_nothing_rises_where_nobody_decides() -> None:
    found, lines = swept(world.by_nobody)
    for line in lines.values():
        assert line.slope is not None and line.slope.low < 0.01 and line.slope.high > -0.01
        assert line.tempered is None or line.tempered.low < 0
    assert found.n_questions == world.N


def test_right_answers_are_counted_at_every_number_and_without_demonstrations() -> None:
    found, lines = swept(world.by_head)
    (held,) = rivals(world.rows(world.by_head))
    gold = held.judged.gold
    for n, share in zip(found.shots, lines[sweep.RIGHT].shares, strict=True):
        assert share.value == pytest.approx((held.judged.answers(n) == gold).mean())
        assert share.low < share.value < share.high
    assert found.zero_shot.value == pytest.approx((held.judged.alone[:, 0].argmax(axis=1) == gold).mean())
    x = np.log2(found.shots[1:])  # one demonstration cannot show two classes
    line = lines[HEAD]
    by_hand = np.polyfit(x, [share.value for share in line.shares[1:]], 1)[0]
    assert line.slope is not None and line.slope.value == pytest.approx(by_hand)


def test_the_page_has_a_line_for_the_model_the_head_and_every_kernel() -> None:
    found, lines = swept(world.by_head)
    (table,), (figure,) = sweep.tables(found), sweep.figures(found)
    assert [row[0] for row in table.rows] == [sweep.RIGHT, HEAD, *sorted((PREDICTION, WORDS))] == list(lines)
    assert all(len(row) == len(table.columns) == 3 + len(world.SHOTS) for row in table.rows)
    assert f"{lines[sweep.RIGHT].shares[-1].value:.0%} with 32" in figure.see


def test_other_rows_are_left_alone() -> None:
    assert sweep.sweeps(pa.table({"model": ["m"], "task": ["t"]}), 100) == []
