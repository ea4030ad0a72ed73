"""Responses that tell nothing are named and left out; models are compared on what they did not see."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskscope.errors import TaskscopeError
from taskscope.theory.item_response.held_out import by_dimension, by_tags, split
from taskscope.theory.item_response.screening import screen

TABLE = np.array([[1, 1, 0, 1], [1, 0, 1, 1], [1, 1, 1, 1], [1, 0, np.nan, 1]])


def test_constant_rows_and_columns_are_named_and_left_out() -> None:
    found = screen(TABLE, "abcd", "wxyz")
    assert found.dropped_items == ("w", "z")
    assert found.dropped_examinees == ("c", "d")  # d is left with one item alone, which it fails
    assert found.examinees.tolist() == [0, 1] and found.items.tolist() == [1, 2]
    np.testing.assert_array_equal(found.table, [[1, 0], [0, 1]])


def test_nothing_that_varies_is_an_error_that_counts() -> None:
    with pytest.raises(TaskscopeError, match="2 of 2 examinees and 0 of 3 items never vary"):
        screen([[1, 1, 1], [0, 0, 0]], "ab", "xyz")


@given(st.integers(0, 10_000))
def test_what_is_kept_varies_and_nothing_that_varies_is_lost(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = (rng.random((6, 8)) < rng.random(8)).astype(float)
    try:
        found = screen(table, "abcdef", "stuvwxyz")
    except TaskscopeError:
        return
    for axis in (0, 1):
        assert (found.table.mean(axis=axis) > 0).all() and (found.table.mean(axis=axis) < 1).all()
    assert len(found.dropped_examinees) + len(found.examinees) == 6
    assert len(found.dropped_items) + len(found.items) == 8
    again = screen(found.table, found.examinees.astype(str).tolist(), found.items.astype(str).tolist())
    assert not again.dropped_examinees and not again.dropped_items


def test_a_split_takes_the_table_apart_and_leaves_everybody_something() -> None:
    rng = np.random.default_rng(0)
    table = np.where(rng.random((40, 3)) < 0.4, np.nan, (rng.random((40, 3)) < 0.5).astype(float))
    table[~np.isfinite(table).any(axis=1), 0] = 1.0
    parts = split(table, rng)
    np.testing.assert_array_equal(np.where(np.isnan(parts.seen), parts.rest, parts.seen), table)
    assert not (np.isfinite(parts.seen) & np.isfinite(parts.rest)).any()
    assert np.isfinite(parts.seen).any(axis=0).all() and np.isfinite(parts.seen).any(axis=1).all()
    assert np.isfinite(parts.rest).any()


def planted(n_examinees: int, n_items: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Three skills, items of one or two; slips and guesses of a tenth."""
    q = np.zeros((n_items, 3), bool)
    for item in range(n_items):
        q[item, rng.permutation(3)[: 1 + item % 2]] = True
    mastery = rng.random((n_examinees, 3)) < 0.5
    able = (mastery.astype(int) @ q.T.astype(int)) == q.sum(axis=1)
    return q, (rng.random(able.shape) < np.where(able, 0.9, 0.1)).astype(float)


def test_own_tags_foretell_better_than_every_shuffle() -> None:
    q, responses = planted(150, 30, np.random.default_rng(1))
    own, shuffled = by_tags(responses, q, 5, np.random.default_rng(2))
    assert own > shuffled.max() + 0.02


def test_the_planted_dimension_is_found() -> None:
    rng = np.random.default_rng(3)
    ability, slope = rng.standard_normal((200, 2)), 1.5 * rng.standard_normal((60, 2))
    responses = (rng.random((200, 60)) < 1 / (1 + np.exp(-ability @ slope.T))).astype(float)
    found = by_dimension(responses, (1, 2, 3), np.random.default_rng(4))
    assert max(found, key=found.__getitem__) == 2
