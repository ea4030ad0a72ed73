"""Orders of demonstrations: a vote by position gives its weights back, and who knows no order has none."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from taskscope.studies.kernel_regression.calibration import PARAMS
from taskscope.studies.kernel_regression.weights import orders
from taskscope.studies.kernel_regression.weights.aggregating import AGGREGATIONS
from taskscope.studies.kernel_regression.weights.grids import HELD_OUT, SELECTION
from taskscope.studies.kernel_regression.weights.rows import PLAIN, REORDERED, Row, to_rows

N, K, ORDERS = 150, 6, 5


def world(weights: np.ndarray, n_classes: int, bias: float = 0.0, seed: int = 0, of: str = "m") -> pa.Table:
    """A model whose law is a vote by position, mixed with what it says whatever it is shown."""
    rng = np.random.default_rng(seed)
    rows = []
    for query in range(N):
        labels = np.arange(K) % n_classes
        for order in range(1 + ORDERS):
            shown = rng.permutation(labels)
            vote = np.bincount(shown, weights=weights, minlength=n_classes)
            law = (1 - bias) * vote + bias * np.eye(n_classes)[0]
            one = Row(
                split=HELD_OUT,
                condition=REORDERED if order else PLAIN,
                query=query,
                gold=0,
                predicted=int(law.argmax()),
                logprobs=np.log(law + 1e-12) - 3,  # labels are part of all that could follow
                shown=shown,
                order=max(order - 1, 0),
                blocks=(0,),
                votes=np.zeros((len(AGGREGATIONS), 1), np.int8),
                shares=np.zeros((1, n_classes), np.float32),
                masses={"label_mass": np.zeros(1)},
            )
            rows.append(one)
            if not order:
                rows.append(Row(**{**vars(one), "split": SELECTION}))
    table = to_rows(rows, "input-output", n_classes)
    for name, value in (("model", of), ("task", "t"), ("seed", 0)):
        table = table.append_column(name, pa.array([value] * table.num_rows))
    return table


def found(rows: pa.Table) -> orders.Orders:
    (one,) = orders.orders(rows, PARAMS)
    return one


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("bias", [0.0, 0.5])
def test_a_vote_by_position_gives_its_weights_back(n_classes, bias) -> None:
    weights = np.array([0.05, 0.05, 0.1, 0.1, 0.2, 0.5])
    one = found(world(weights, n_classes, bias)).mean
    expected = 1 / K + (1 - bias) * (weights - 1 / K)
    np.testing.assert_allclose([each.value for each in one.weights], expected, atol=0.03)
    assert sum(each.value for each in one.weights) == pytest.approx(1, abs=1e-6)
    assert sum(each.low <= true <= each.high for each, true in zip(one.weights, expected, strict=True)) >= 5
    assert one.weights[-1].low > 1 / K > one.weights[0].high
    assert one.n_orders == 1 + ORDERS and one.spread.low > 0.1 * (1 - bias)


def test_who_weighs_positions_alike_is_moved_by_no_order() -> None:
    one = found(world(np.full(K, 1 / K), 2, bias=0.2)).mean
    assert one.turned.value == 0 and one.spread.value < 1e-12
    assert [each.value for each in one.weights] == pytest.approx([1 / K] * K)


def test_the_page_has_a_line_for_every_setting_and_position() -> None:
    rows = world(np.array([0.0, 0, 0, 0, 0, 1]), 2)
    at = rows.column_names.index("seed")
    both = pa.concat_tables([rows, rows.set_column(at, "seed", pa.array([1] * rows.num_rows))])
    one = found(both)
    settings, positions = orders.tables(one)
    assert [row[0] for row in settings.rows] == ["t, input-output, seed 0", "t, input-output, seed 1", "mean"]
    assert len(positions.rows) == K
    (figure,) = orders.figures(one)
    assert "nearest demonstration counts 1.0" in figure.see
    # The same questions in two seeds are as many units as in one.
    single = found(rows)
    widths = [each.mean.turned.high - each.mean.turned.low for each in (single, one)]
    assert widths[1] == pytest.approx(widths[0], rel=0.2)


def test_other_rows_are_left_alone() -> None:
    assert orders.orders(pa.table({"model": ["m"], "task": ["t"]}), PARAMS) == []
