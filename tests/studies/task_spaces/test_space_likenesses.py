"""What two tasks share without any tuning, on worlds in which it is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from taskscope.stats.matrices import off_diagonal
from taskscope.studies.task_spaces.calibration import CALIBRATION
from taskscope.studies.task_spaces.likenesses import NAMES, likeness_table, shared
from taskscope.studies.task_spaces.spaces import LIKENESSES, Space, spaces
from taskscope.studies.task_spaces.statistics import compressed


@pytest.fixture
def space() -> Space:
    [world] = [each for each in CALIBRATION.scenarios if each.name == "map of phenomena"]
    [found] = spaces(world.simulate(CALIBRATION.params, np.random.default_rng(0)))
    return found


def test_every_measure_has_a_name() -> None:
    assert set(NAMES) == set(LIKENESSES)


def test_a_measure_that_is_transfer_itself_goes_with_it_and_overlap_with_its_size(space: Space) -> None:
    both = compressed(space.effects(space.drawn).mean(axis=0))
    both = both + both.T
    known = {"gradient": both, "overlap": np.abs(both), "words": -both, "untrained": np.zeros_like(both)}
    found = {each.name: each for each in shared(replace(space, likeness=known))}
    assert set(found) == {"gradient", "overlap", "words"}  # nothing was compared by the last one
    for name, value in (("gradient", 1), ("overlap", 1), ("words", -1)):
        transfer = found[name].transfer
        assert transfer is not None
        assert (transfer.value, transfer.low, transfer.high) == pytest.approx((value,) * 3)


def test_means_are_over_pairs_of_different_tasks_inside_and_between_phenomena(space: Space) -> None:
    groups = space.groups
    likeness = np.where(groups[:, None] == groups[None, :], 0.25, -0.5)
    np.fill_diagonal(likeness, 9.0)
    [found] = shared(replace(space, likeness={"overlap": likeness}))
    assert (found.inside, found.outside) == pytest.approx((0.25, -0.5))
    [row] = _rows(replace(space, likeness={"overlap": likeness}))
    assert row[:3] == (NAMES["overlap"], "+0.250", "-0.500")


def test_what_is_the_same_everywhere_goes_with_nothing(space: Space) -> None:
    flat = np.where(off_diagonal(space.n), 0.5, 0.0)
    [row] = _rows(replace(space, likeness={"gradient": flat}))
    assert row[3:] == ("–", "–")
    assert likeness_table(replace(space, likeness={"gradient": np.zeros_like(flat)})) is None


def test_of_two_tasks_likeness_is_told_and_nothing_it_goes_with(space: Space) -> None:
    two = {
        condition: {key: margins for key, margins in after.items() if {*key[2:]} <= {*space.tasks[:2]}}
        for condition, after in space.after.items()
    }
    slopes = {"slopes": space.slopes[:, :2, :2], "stepped": space.stepped[:2, :2]}
    names = {"tasks": space.tasks[:2], "phenomena": space.phenomena[:2]}
    likeness = {"words": np.array([[0, 0.5], [0.5, 0]])}
    [row] = _rows(replace(space, **names, **slopes, after=two, likeness=likeness))
    assert row[1] == "+0.500" and row[3:] == ("–", "–")


def _rows(space: Space) -> tuple[tuple[object, ...], ...]:
    table = likeness_table(space)
    assert table is not None
    return table.rows
