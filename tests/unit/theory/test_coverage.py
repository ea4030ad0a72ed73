"""Coverage of classes against the published probabilities and against enumeration."""

from itertools import product

import numpy as np
import pytest

from taskscope.theory.coverage import absent, covered

EVEN = np.full(14, 1 / 14)


@pytest.mark.parametrize(("n", "percent"), [(16, 30.6), (32, 9.3), (48, 2.9), (80, 0.3)])
def test_a_class_of_fourteen_is_absent_as_often_as_the_protocol_says(n, percent):
    assert 100 * absent(EVEN, n)[0] == pytest.approx(percent, abs=0.06)


@pytest.mark.parametrize(("n", "percent"), [(32, 21), (48, 65), (80, 96)])
def test_all_fourteen_are_covered_as_often_as_the_protocol_says(n, percent):
    assert 100 * covered(EVEN, n) == pytest.approx(percent, abs=0.6)


@pytest.mark.parametrize("n", range(7))
def test_unequal_shares_agree_with_enumeration(n):
    shares = np.array([0.5, 0.3, 0.2])
    wanted = sum(float(shares[list(d)].prod()) for d in product(range(3), repeat=n) if len(set(d)) == 3)
    assert covered(shares, n) == pytest.approx(wanted, abs=1e-12)


def test_coverage_is_a_probability_for_many_demonstrations_too():
    found = [covered(EVEN, n) for n in (13, 14, 100, 1000, 3000)]
    assert found[0] == 0.0
    assert 0 < found[1] < 1e-4
    assert found[2] < found[3]
    assert 1 - found[2] == pytest.approx(14 * (13 / 14) ** 100, rel=0.01)
    assert found[4] == pytest.approx(1.0, abs=1e-9)


def test_what_is_no_distribution_is_refused():
    with pytest.raises(ValueError, match="add up to 1"):
        covered([0.5, 0.4], 3)
    with pytest.raises(ValueError, match="not negative"):
        absent([0.5, 0.5], -1)
