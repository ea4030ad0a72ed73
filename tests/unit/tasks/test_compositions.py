"""Squares of tasks: two things, each done or not, on inputs that all four share."""

from __future__ import annotations

import pytest

from taskscope.tasks import compositions, registry
from taskscope.tasks.compositions import CHANGES, LENGTH, NAMES, SQUARES, lists

LISTS = [square for square in SQUARES.values() if square.both.startswith("last-")]
STEPS = [square for square in SQUARES.values() if not square.both.startswith("last-")]


def test_there_is_a_square_for_every_change_and_every_two_steps_on_words() -> None:
    assert [square.both for square in LISTS] == [f"last-then-{change}" for change in CHANGES]
    assert {square.both for square in STEPS} == set(registry.names("two-step")) - {"list-first-then-to-upper"}
    assert registry.names("composition") == list(NAMES)
    assert len(set(NAMES)) == len(NAMES) == 4 * len(LISTS) + 2 * len(STEPS)
    assert not set(NAMES) & set(registry.names())


@pytest.mark.parametrize("square", LISTS, ids=lambda square: square.both)
def test_the_tasks_on_lists_ask_four_things_of_the_same_lists(square: compositions.Square) -> None:
    tasks = [registry.get(name) for name in square]
    assert all(task.group == "composition" for task in tasks)
    assert len({tuple(item.input for item in task.items) for task in tasks}) == 1
    source = {item.input: item for item in registry.get(square.both.removeprefix("last-then-")).items}
    for copied, changed, copied_last, changed_last in zip(*(task.items for task in tasks), strict=True):
        elements = copied.input.split(",")
        assert len(set(elements)) == len(elements) == LENGTH
        assert (copied.label, copied_last.label) == (elements[0], elements[-1])
        assert changed.answers == source[elements[0]].answers
        assert changed_last.answers == source[elements[-1]].answers
        answers = [a for item in (copied, changed, copied_last, changed_last) for a in item.answers]
        assert len(set(answers)) == len(answers), "no answer is right for two of the four"
        assert copied.cluster == changed.cluster == source[elements[0]].cluster


@pytest.mark.parametrize("square", STEPS, ids=lambda square: square.both)
def test_two_steps_are_done_one_by_one_on_the_same_words(square: compositions.Square) -> None:
    copied, one, other, both = (registry.get(name) for name in square)
    words = {item.input for item in one.items}
    assert {item.label for item in copied.items} == words
    assert {item.input for item in other.items} <= words
    second = {item.input: item.label for item in other.items}
    cluster = {item.input: item.cluster for item in one.items}
    for item in (*copied.items, *other.items):
        assert item.cluster == cluster[item.input]
    for word, changed in second.items():
        assert changed != word
        assert changed.lower() == word.lower()
    first = {item.input: item.label for item in one.items}
    assert all(item.label.lower() == first[item.input].lower() for item in both.items)


def test_lists_are_the_same_every_time() -> None:
    compositions.lists.cache_clear()
    before = lists("to-upper")
    compositions.lists.cache_clear()
    assert lists("to-upper") == before
