"""The rules by which a task is named, on states that are made up."""

from __future__ import annotations

import numpy as np
import pytest

from taskscope.look import naming
from taskscope.look.nearest import LEVEL, References, calibrate, cosines, lead_for, rank, upper

TASKS, EPISODES, BLOCKS, WIDTH = 12, 4, 3, 24
NAMES = tuple(f"task-{i}" for i in range(TASKS))


def references(rng: np.random.Generator, noise: float, told_apart_at: int = 1) -> References:
    """Tasks have directions of their own at one block and are alike elsewhere; nonsense has none."""
    centres = rng.normal(size=(TASKS, 1, WIDTH))
    real = noise * rng.normal(size=(TASKS, EPISODES, BLOCKS, WIDTH)) + 5
    nonsense = noise * rng.normal(size=(TASKS, EPISODES, BLOCKS, WIDTH)) + 5
    real[:, :, told_apart_at] += centres
    nonsense[:, :, told_apart_at] += rng.normal(size=(TASKS, EPISODES, WIDTH))
    return References(NAMES, real, nonsense)


@pytest.mark.parametrize("block", [0, 2])
def test_a_task_is_named_at_the_block_that_tells_tasks_apart(block: int) -> None:
    rng = np.random.default_rng(0)
    known = references(rng, 0.1, told_apart_at=block)
    state = known.real[4, 0] + 0.05 * rng.normal(size=(BLOCKS, WIDTH))
    ranking = rank(state, known)
    assert ranking.rules.block == block
    assert naming.name(ranking, able=1.0, k=4).named == "task-4"


def test_rules_are_those_of_a_plain_loop_over_prompts() -> None:
    known = references(np.random.default_rng(2), 0.8)
    real, nonsense = known.real[:, :, 1], known.nonsense[:, :, 1]
    best, lead, right, null = [], [], [], []
    for task in range(TASKS):
        for episode in range(EPISODES):
            centres = real.mean(axis=1)
            centres[task] = np.delete(real[task], episode, axis=0).mean(axis=0)
            own = cosines(real[task, episode], centres)
            second, first = np.sort(own)[-2:]
            best.append(first)
            lead.append(first - second)
            right.append(own.argmax() == task)
            null.append(cosines(nonsense[task, episode], centres).max())
    found = calibrate(known, 1)
    assert found.similarity == pytest.approx(upper(np.array(null)))
    near = np.array(best) > found.similarity
    assert 0 < near.sum() < len(near)
    assert found.lead == pytest.approx(lead_for(np.array(lead)[near], np.array(right)[near]))
    named = near & (np.array(lead) >= found.lead - 1e-12) & np.array(right)
    assert found.named_right == pytest.approx(named.mean())


def test_nonsense_is_rarely_named_whether_or_not_the_model_tells_tasks_apart() -> None:
    named = {0.1: 0, 3.0: 0}
    for seed in range(40):
        for noise in named:
            rng = np.random.default_rng(seed)
            known = references(rng, noise)
            state = noise * rng.normal(size=(BLOCKS, WIDTH)) + 5
            state[1] += rng.normal(size=WIDTH)
            named[noise] += naming.name(rank(state, known), able=1.0, k=4).named is not None
    # At a level of 5 %, 8 or more of 40 would have a probability below 0.1 %.
    assert all(count < 8 for count in named.values()), named


def test_each_reason_to_abstain_is_said() -> None:
    rng = np.random.default_rng(1)
    known = references(rng, 0.1)
    state = known.real[4, 0]
    assert naming.name(None, None, k=0).reason.startswith("The prompt shows no demonstrations")
    assert "do not fit" in naming.name(None, None, k=3).reason
    weak = naming.name(rank(state, known), able=0.25, k=3)
    assert weak.named is None
    assert "25% right" in weak.reason
    between = np.mean([known.real[4].mean(axis=0), known.real[7].mean(axis=0)], axis=0)
    ranking = rank(between, known)
    told = naming.name(ranking, able=1.0, k=3)
    assert told.named is None
    foreign = naming.name(rank(np.full((BLOCKS, WIDTH), 5.0) + rng.normal(size=WIDTH), known), 1.0, k=3)
    assert foreign.named is None
    assert "nonsense demonstrations come as near" in foreign.reason


def test_too_little_nonsense_names_nothing() -> None:
    assert upper(np.arange(18.0)) == np.inf
    assert upper(np.arange(19.0)) == 18.0
    assert np.isinf(upper(np.zeros(0)))


def test_a_further_draw_of_the_null_exceeds_the_bound_no_more_often_than_the_level() -> None:
    rng = np.random.default_rng(2)
    draws = rng.normal(size=(4000, 89))
    bounds = np.array([upper(row[:-1]) for row in draws])
    assert (draws[:, -1] > bounds).mean() <= LEVEL + 3 * np.sqrt(LEVEL * (1 - LEVEL) / len(draws))


def test_the_lead_that_is_asked_for_is_the_smallest_that_is_precise() -> None:
    lead = np.array([0.5, 0.4, 0.3, 0.2, 0.1])
    assert lead_for(lead, np.array([True, True, True, False, False])) == 0.3
    assert lead_for(lead, np.array([True] * 5)) == 0.1
    assert lead_for(lead, np.array([False, False, True, True, True])) == np.inf
    assert lead_for(lead[:0], np.zeros(0, dtype=bool)) == np.inf
