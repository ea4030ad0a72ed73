"""Pairs without a content word in common, and the map that is drawn from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from taskscope.report.findings import Verdict
from taskscope.studies.task_spaces import findings, tables
from taskscope.studies.task_spaces.apart import FEWEST, apart, content, frames
from taskscope.studies.task_spaces.calibration import CALIBRATION
from taskscope.studies.task_spaces.params import FEW, TUNED, PairParams
from taskscope.studies.task_spaces.spaces import Space, spaces
from taskscope.tasks import pair_registry
from taskscope.tasks.minimal_pairs import MinimalPair, Paradigm

SIZES = PairParams(n_train=12, n_eval=10)


def few() -> list[Paradigm]:
    return [paradigm for name in FEW for paradigm in pair_registry.get(name)]


def test_no_content_word_is_learned_and_judged_in_any_task() -> None:
    found = apart(few(), 0, SIZES)
    assert len(found) == len(FEW)
    learned = {word for half in found.values() for pair in half.train for word in content(pair)}
    judged = {word for half in found.values() for pair in half.judged for word in content(pair)}
    frame = frames([[content(pair) for pair in paradigm.pairs] for paradigm in few()])
    assert len(frame) < 0.1 * len(learned | judged) and "nea" in frame
    assert learned - frame and judged - frame and not (learned & judged) - frame
    for half in found.values():
        assert FEWEST <= len(half.train) <= 12 and FEWEST <= len(half.judged) <= 10


def test_sides_do_not_depend_on_the_order_of_tasks_but_on_the_seed() -> None:
    first = apart(few(), 0, SIZES)
    assert first == apart(few()[::-1], 0, SIZES) != apart(few(), 1, SIZES)


def test_forms_of_a_word_are_one_word_and_words_of_grammar_none() -> None:
    pair = MinimalPair(number=0, good="This bird is with the Birds.", bad="These bird is with the Birds.")
    assert content(pair) == {"bir"}


def test_tasks_of_one_word_are_left_out() -> None:
    pairs = tuple(
        MinimalPair(number=i, good=f"The bird is {i}.", bad=f"The bird are {i}.") for i in range(20)
    )
    assert apart([Paradigm(name="own", phenomenon="own", pairs=pairs)], 0, SIZES) == {}


def with_apart(kept: float) -> Space:
    """A planted map, and one of other pairs in which a share of what moves other tasks is left."""
    world = next(world for world in CALIBRATION.scenarios if world.name == "map of phenomena")
    [space] = spaces(world.simulate(CALIBRATION.params, np.random.default_rng(0)))
    first = {key: margins for key, margins in space.first.items() if key[1] == 0}
    chance = np.random.default_rng(1)
    after = {}
    for (seed, half, tuned, judged), margins in space.after[TUNED].items():
        if half == 0:
            before = first[seed, 0, judged]
            left = 1.0 if tuned == judged else kept
            after[seed, 0, tuned, judged] = before + left * (margins - before) + chance.normal(0, 0.05)
    return replace(space, apart=replace(space, first=first, after={TUNED: after}))


def test_what_is_left_without_words_in_common_is_told_beside() -> None:
    estimates = {}
    for kept in (1.0, 0.0):
        found = findings.result(with_apart(kept), 200)
        judged = {finding.claim: finding for finding in findings.findings(found)}
        assert judged["6"].verdict == Verdict.SUPPORTED
        estimates[kept] = {c.name: c.estimate for c in judged["6"].controls}["apart"]
        table = next(table for table in tables.tables(found) if table.name.endswith("-apart"))
        whole, without = ([float(row[column]) for row in table.rows] for column in (1, 2))
        assert without[0] == pytest.approx(whole[0], rel=0.25)
        assert without[1] == pytest.approx(kept * whole[1], rel=0.25, abs=0.1)
    assert estimates[1.0] > 0.2 > 0.1 > abs(estimates[0.0])
