"""Four laws of learning against the protocol's reference values (4.3)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskscope.errors import TaskscopeError
from taskscope.theory import skill_dynamics as law


def test_the_peeling_learner_jumps_where_the_protocol_says():
    found = {c: law.peeling_threshold(c) for c in (3, 4, 5, 6, 8)}
    wanted = {3: 1.0379, 4: 1.4664, 5: 2.4565, 6: 4.5330, 8: 18.352}
    assert found == pytest.approx(wanted, rel=5e-5)
    assert law.peeling_threshold(1) is None
    assert law.peeling_threshold(2) is None
    for c, before, after in ((3, 0.562, 0.098), (4, 0.713, 0.003)):
        assert law.unlearned(c, wanted[c] * 0.999) == pytest.approx(before, abs=0.02)
        assert law.unlearned(c, wanted[c] * 1.001) == pytest.approx(after, abs=0.002)
    assert law.unlearned(3, 1) == pytest.approx(0.665, abs=5e-4)
    assert law.unlearned(3, 2) == pytest.approx(0.00260, abs=5e-6)


@given(st.floats(0.5, 6), st.floats(0.05, 6))
def test_what_is_left_is_a_fixed_point_and_more_texts_leave_less(c, ratio):
    q = law.unlearned(c, ratio)
    assert q == pytest.approx(np.exp(-c * ratio * np.exp(-c * q)), abs=1e-6)
    assert law.unlearned(c, ratio * 1.1) <= q + 1e-9


def test_abilities_come_together_when_the_protocol_says():
    assert [law.half_time(0.01, n) for n in (1, 2, 4, 8)] == [69, 123, 183, 248]
    for n in (1, 2, 4, 8):
        half = law.half_time(0.01, n)
        assert law.all_acquired(0.01, half - 1, n) < 0.5 <= law.all_acquired(0.01, half, n)


def test_exponents_and_thresholds():
    assert law.quantization_exponents(0.4) == pytest.approx((0.4, 0.285714), abs=1e-6)
    assert law.percolation_threshold(100, 400) == 1 / 200
    at = law.percolation_threshold(4_000, 1_000)
    assert law.giant_component(4_000, 1_000, 0.9 * at) == 0.0
    assert law.giant_component(4_000, 1_000, 3 * at) == pytest.approx(0.77, abs=0.01)


def test_what_has_no_law_is_refused():
    for wrong in (lambda: law.unlearned(0, 1), lambda: law.unlearned(3, np.inf), lambda: law.half_time(1, 2)):
        with pytest.raises(TaskscopeError):
            wrong()
