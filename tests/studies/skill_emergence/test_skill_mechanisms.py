"""Simulated learners against their formulas (protocol 4.3)."""

from __future__ import annotations

import numpy as np
import pytest

from taskscope.studies.skill_emergence import mechanisms
from taskscope.theory import skill_dynamics


@pytest.mark.parametrize(
    ("c", "ratio", "within"),
    [(3, 2.0, 0.001), (3, 1.0, 0.02), (3, 0.75, 0.02), (2, 1.5, 0.02), (4, 1.0, 0.02)],
)
def test_peeling_leaves_what_the_fixed_point_says(c, ratio, within):
    left = mechanisms.peel(20_000, c, ratio, np.random.default_rng(0))
    assert left == pytest.approx(skill_dynamics.unlearned(c, ratio), abs=within)


def test_peeling_by_hand():
    """One skill a text: whatever is named is learned, exp(-R) is not."""
    assert mechanisms.peel(20_000, 1e-9, 1.0, np.random.default_rng(0)) == 1.0
    many = mechanisms.peel(500, 1.0, 40.0, np.random.default_rng(0))
    assert many == 0.0


def test_a_million_ranked_skills_have_the_slopes_of_the_protocol():
    by_skills, by_data = mechanisms.quantization_slopes(1_000_000, 0.4)
    assert by_skills == pytest.approx(-0.420, abs=0.005)
    assert by_data == pytest.approx(-0.302, abs=0.005)


def test_abilities_and_components_are_as_predicted():
    rng = np.random.default_rng(0)
    half = skill_dynamics.half_time(0.01, 4)
    assert mechanisms.acquire(0.01, half, 4, 20_000, rng) == pytest.approx(0.5, abs=0.015)
    at = skill_dynamics.percolation_threshold(4_000, 1_000)
    for times in (0.5, 2.0, 3.0):
        found = mechanisms.largest_component(4_000, 1_000, times * at, rng)
        assert found == pytest.approx(skill_dynamics.giant_component(4_000, 1_000, times * at), abs=0.03)
