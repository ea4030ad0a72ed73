"""The split over facts: stable, near its share, and blind to no way of giving a fact away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskscope.errors import TaskError
from taskscope.tasks import registry
from taskscope.training.documents.rules import held_out_tasks
from taskscope.training.documents.splits import HELD_OUT_TASKS, Split

REVERSED = [
    ("en-fr", "fr-en"),
    ("en-es", "es-en"),
    ("en-fr", "es-en"),
    ("to-upper", "to-lower"),
    ("antonyms", "antonyms"),
]


@pytest.mark.parametrize("task", registry.names())
def test_every_item_is_on_exactly_one_side_and_about_a_quarter_is_held_out(task):
    split = Split()
    train, held = split.items(task, "train"), split.items(task, "held-out")
    inputs = [item.input for item in registry.get(task).items]
    assert sorted(item.input for item in (*train, *held)) == sorted(inputs)
    n = len(inputs)
    # groups have up to nine items, so the share of items spreads more than that of groups
    assert abs(len(held) / n - 0.25) < 5 * (0.25 * 0.75 * 3 / n) ** 0.5


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("one", "other"), REVERSED)
def test_a_fact_and_its_reverse_are_on_the_same_side(one, other, seed):
    split = Split(seed=seed)
    held = {(x.input, y) for x in split.items(one, "held-out") for y in x.answers}
    known = {(x.input, y) for x in split.items(other, "train") for y in x.answers}
    assert held, "the test would say nothing"
    assert not {(y, x) for x, y in held} & known


def test_items_of_one_cluster_are_on_the_same_side():
    split = Split(seed=3)
    for task in registry.names():
        clusters = {item.cluster for item in split.items(task, "held-out")}
        assert not clusters & {item.cluster for item in split.items(task, "train")}


def test_seeds_differ_and_the_same_seed_agrees():
    held = [tuple(i.input for i in Split(seed=s).items("country-capital", "held-out")) for s in (0, 0, 1)]
    assert held[0] == held[1] != held[2]


def test_the_split_never_changes():
    # frozen: a model's card is wrong if facts change sides after its training
    held = [item.input for item in Split().items("country-capital", "held-out")]
    assert held[:5] == FIRST_HELD_OUT


FIRST_HELD_OUT = ["Argentina", "Armenia", "Bahamas", "Bahrain", "Benin"]


@given(st.text(), st.text(), st.floats(0, 0.99))
def test_any_text_has_a_side(family, fact, share):
    side = Split(share=share).side(family, fact)
    assert side in ("train", "held-out")
    assert side == "train" or share > 0


@given(st.floats(0, 0.5), st.floats(0, 0.49))
def test_a_larger_share_holds_out_all_that_a_smaller_one_does(share, more):
    words = ["go", "tree", "Paris", "hot"]
    less = Split(share=share).choose("x", words, "held-out")
    assert set(less) <= set(Split(share=share + more).choose("x", words, "held-out"))


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_impossible_shares_are_refused(share):
    with pytest.raises(TaskError, match="held-out share"):
        Split(share=share)


def test_unknown_tasks_are_refused_with_a_hint():
    with pytest.raises(TaskError, match="en-fr"):
        Split().items("en-fra", "train")


def test_held_out_tasks_hold_what_they_say():
    tasks = held_out_tasks()
    assert set(HELD_OUT_TASKS) <= set(registry.names())
    assert not set(tasks) & set(registry.names())
    answer = {name: {i.input: i.label for i in task.items} for name, task in tasks.items()}
    assert answer["prefix-mis"]["go"] == "misgo"
    assert answer["suffix-ful"]["go"] == "goful"
    assert answer["twice-and"]["go"] == "go and go"
    assert all(y == x.split(",")[1] for x, y in answer["list-second"].items())
    assert min(len(task.items) for task in tasks.values()) > 200
