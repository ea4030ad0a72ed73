"""The map on pairs of equal length, or of words as common, on maps of which it is known what moves them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from taskscope.stats.matrices import off_diagonal
from taskscope.studies.task_spaces.calibration import CALIBRATION
from taskscope.studies.task_spaces.params import TUNED
from taskscope.studies.task_spaces.simulation import SIZES, rows_of_maps
from taskscope.studies.task_spaces.spaces import Space, spaces
from taskscope.studies.task_spaces.statistics import compressed
from taskscope.studies.task_spaces.subsets import (
    COMMON,
    EQUAL,
    differences_table,
    kept,
    subset,
    subsets_table,
)

PARAMS = CALIBRATION.params.model_copy(update={"n_eval": 24})
GROUPS = np.repeat(np.arange(len(SIZES)), SIZES)
N = len(GROUPS)


def world(by_length: float, seed: int = 0) -> Space:
    """Tasks move each other as they like; where the good sentence is longer, all pairs gain besides.

    Half of the pairs of each task are of unequal length, and a tuning teaches length as its row says.
    """
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 0.4, (N, N))
    np.fill_diagonal(truth, 1.5)
    likeness = {name: np.zeros((N, N)) for name in ("gradient", "untrained", "words")}
    [space] = spaces(rows_of_maps(GROUPS, {TUNED: truth}, likeness, 0.02, PARAMS, rng))
    longer = {key: rng.permutation(np.arange(len(m)) % 2 * 2.0) for key, m in space.first.items()}
    learned = dict(zip(space.tasks, rng.normal(0, by_length, N), strict=True))
    after = {
        (s, h, i, j): m + learned[i] * (longer[s, h, j] if i != j else 0)
        for (s, h, i, j), m in space.after[TUNED].items()
    }
    commoner = {key: np.where(each == 0, 0.1, np.nan) for key, each in longer.items()}
    return replace(space, after={TUNED: after}, longer=longer, commoner=commoner)


def test_pairs_of_either_kind_are_told() -> None:
    space = world(0.0)
    key = next(iter(space.longer))
    commoner = {key: np.array([0.0, 0.69, -0.69, 0.7, -3.0, np.nan])}
    masks = kept(replace(space, longer={key: np.array([0.0, 1.0, -2.0])}, commoner=commoner))
    assert masks[EQUAL][key].tolist() == [True, False, False]
    assert masks[COMMON][key].tolist() == [True, True, True, False, False, False]
    assert kept(replace(space, longer={}, commoner={})) == {}


def test_effects_on_kept_pairs_are_those_of_their_margins() -> None:
    space = world(0.5)
    found = subset(space, kept(space)[EQUAL], EQUAL)
    assert found is not None and found.share == 0.5 and len(found.tasks) == N
    i, j = 3, 11
    gains = [
        (space.after[TUNED][0, h, space.tasks[i], space.tasks[j]] - space.first[0, h, space.tasks[j]])[
            space.longer[0, h, space.tasks[j]] == 0
        ].mean()
        for h in (0, 1)
    ]
    assert found.part[i, j] == pytest.approx(np.mean(gains) / space.widths[j])
    np.testing.assert_allclose(found.whole, space.effects(TUNED).mean(axis=0))
    off = off_diagonal(N)
    alike = np.corrcoef(compressed(found.whole)[off], compressed(found.part)[off])[0, 1]
    assert found.alike.value == pytest.approx(alike) and found.alike.low < alike <= found.alike.high


def test_a_map_of_lengths_is_another_one_on_equal_pairs_and_a_map_of_tasks_is_not() -> None:
    lengths, tasks = world(2.0), world(0.0)
    masks = [kept(each)[EQUAL] for each in (lengths, tasks)]
    by_length, by_task = subset(lengths, masks[0], EQUAL), subset(tasks, masks[1], EQUAL)
    assert by_length is not None and by_task is not None
    # As many pairs at random keep what lengths do; those of equal length do not.
    assert by_length.alike.high < by_length.chance.low
    assert by_task.chance.low <= by_task.alike.value <= by_task.chance.high or by_task.alike.value > 0.99


def test_tasks_with_few_such_pairs_are_left_out_and_too_few_tasks_say_nothing() -> None:
    space = world(0.0)
    masks = {**kept(space)[EQUAL]}
    for half in (0, 1):
        masks[0, half, space.tasks[2]] = np.arange(PARAMS.n_eval) < 3
    found = subset(space, masks, EQUAL)
    assert found is not None and 2 not in found.tasks and len(found.tasks) == N - 1
    del masks[0, 1, space.tasks[5]]
    found = subset(space, masks, EQUAL)
    assert found is not None and not {2, 5} & set(found.tasks.tolist())
    none = {key: np.zeros(PARAMS.n_eval, dtype=bool) for key in masks}
    assert subset(space, none, EQUAL) is None


def test_tables_say_shares_and_older_rows_have_none() -> None:
    space = world(0.5)
    table = subsets_table(space)
    assert table is not None
    told = {row[0]: row for row in table.rows}
    assert told[EQUAL][1:3] == ("50 %", N) and told[COMMON][1:3] == ("50 %", N)
    found = subset(space, kept(space)[EQUAL], EQUAL)
    assert found is not None and told[EQUAL][6].startswith(f"{found.alike.value:.2f} (")
    assert told["all"][3] == f"{np.diag(space.effects(TUNED).mean(axis=0)).mean():+.2f}"
    differences = differences_table(space)
    assert differences is not None and len(differences.rows) == N
    assert {row[2:] for row in differences.rows} == {("50 %", "+1.00", "1.1")}
    older = replace(space, longer={}, commoner={})
    assert subsets_table(older) is None and differences_table(older) is None


def test_a_liking_for_common_words_is_told_beside_transfer() -> None:
    rng = np.random.default_rng(0)
    likes = rng.normal(0, 1, N)
    truth = 0.4 * np.outer(likes, likes) + rng.normal(0, 0.1, (N, N))
    likeness = {name: np.zeros((N, N)) for name in ("gradient", "untrained", "words")}
    [space] = spaces(rows_of_maps(GROUPS, {TUNED: truth}, likeness, 0.02, PARAMS, rng))
    place = {task: i for i, task in enumerate(space.tasks)}
    lengths = {key: np.zeros(len(m)) for key, m in space.first.items()}
    common = {key: np.full(len(m), likes[place[key[2]]]) for key, m in space.first.items()}
    table = subsets_table(replace(space, longer=lengths, commoner=common))
    assert table is not None
    told = float(table.note.rpartition("correlates ")[2].partition(" ")[0])
    assert told > 0.9
    blank = subsets_table(replace(space, longer=lengths, commoner={k: 0 * v for k, v in common.items()}))
    assert blank is not None and "commoner words" not in blank.note
