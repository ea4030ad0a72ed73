"""Paired differences: reference values, what pairing buys, and how often an interval misses."""

from __future__ import annotations

import numpy as np
import pytest

from taskscope.stats.paired import FEWEST_CLUSTERS, PairedTask, paired


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def task(first, second, clusters=None) -> PairedTask:
    first, second = np.asarray(first, float), np.asarray(second, float)
    return PairedTask(first, second, np.arange(len(first)) if clusters is None else np.asarray(clusters))


def test_means_are_over_questions_then_over_tasks() -> None:
    long, short = task([0] * 30, [1] * 30), task([1] * 10, [0] * 5 + [1] * 5)
    found = paired([long, short], rng())
    assert (found.first, found.second) == (0.5, 0.75)
    assert found.difference == pytest.approx(0.25)
    assert (found.n, found.n_changed) == (40, 35)


def test_pairing_removes_what_the_questions_have_in_common() -> None:
    hard = np.random.default_rng(0).normal(0, 10, 80)
    found = paired([task(hard, hard + np.random.default_rng(1).normal(1, 0.1, 80))], rng())
    assert found.interval is not None
    assert 0.9 < found.interval.low < 1 < found.interval.high < 1.1


def test_equal_answers_have_an_interval_of_no_width_and_few_questions_none() -> None:
    same = paired([task(np.arange(20), np.arange(20))], rng())
    assert same.interval is not None and (same.interval.low, same.interval.high) == (0, 0)
    assert same.n_changed == 0
    few = task(np.zeros(40), np.ones(40), np.arange(40) % (FEWEST_CLUSTERS - 1))
    assert paired([few], rng()).interval is None


def test_questions_of_one_cluster_count_once() -> None:
    draws = np.random.default_rng(3).normal(size=12)
    once = paired([task(np.zeros(12), draws)], rng()).interval
    many = paired([task(np.zeros(120), np.repeat(draws, 10), np.repeat(np.arange(12), 10))], rng()).interval
    assert once is not None and many is not None
    assert many.high - many.low == pytest.approx(once.high - once.low, rel=0.1)


@pytest.mark.parametrize("n_questions", [8, 40])
def test_an_interval_misses_the_truth_about_one_time_in_twenty(n_questions: int) -> None:
    draw = np.random.default_rng(11)
    missed, n_worlds = 0, 300
    for _ in range(n_worlds):
        tasks = []
        for truth in (0.3, -0.1):
            common = draw.normal(size=n_questions)
            tasks.append(task(common, common + draw.normal(truth, 1, n_questions)))
        found = paired(tasks, draw, draws=300).interval
        assert found is not None
        missed += not found.low <= 0.1 <= found.high
    assert missed / n_worlds <= 0.09
