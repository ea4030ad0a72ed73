"""Demonstrations before choice items: nested, without the query, the same for all under a shared prefix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskscope.errors import TaskError
from taskscope.tasks import contest
from taskscope.tasks.choice_shots import GRID, SEEDS, SEPARATOR, with_shared_shots, with_shots
from taskscope.tasks.choices import ChoiceItem, ChoiceTask

TASK = contest.build("memo-trap", n=60)
WHOLE = {item.prompt + item.classes[item.answer] for item in TASK.items}


def shown(task: ChoiceTask, place: int) -> list[str]:
    return task.items[place].prompt.split(SEPARATOR)[:-1]


@given(st.sampled_from(GRID), st.sampled_from(SEEDS))
def test_own_demonstrations_are_other_items_each_at_most_once(k: int, seed: int) -> None:
    task = with_shots(TASK, k, seed)
    for item, asked in zip(task.items, TASK.items, strict=True):
        *before, query = item.prompt.split(SEPARATOR)
        assert query == asked.prompt and (item.classes, item.answer) == (asked.classes, asked.answer)
        assert len(before) == len(set(before)) == k and set(before) <= WHOLE
        assert asked.prompt + asked.classes[asked.answer] not in before
        assert (item.id, item.cluster) == (asked.id, asked.cluster)


def test_fewer_demonstrations_begin_like_more_and_seeds_differ() -> None:
    few, more, other = with_shots(TASK, 2, 0), with_shots(TASK, 8, 0), with_shots(TASK, 8, 1)
    for place in range(len(TASK.items)):
        assert shown(more, place)[:2] == shown(few, place)
        assert shown(more, place) != shown(other, place)
    assert shown(more, 0) != shown(more, 1)  # each query has its own
    assert with_shots(TASK, 8, 0).fingerprint == more.fingerprint


def test_shared_demonstrations_are_set_aside_and_every_k_asks_the_same() -> None:
    tasks = {k: with_shared_shots(TASK, k, seed=3) for k in GRID}
    asked = {k: [item.prompt.split(SEPARATOR)[-1] for item in task.items] for k, task in tasks.items()}
    assert all(prompts == asked[0] for prompts in asked.values()) and len(asked[0]) == 60 - 32
    for k, task in tasks.items():
        assert len({tuple(shown(task, place)) for place in range(len(task.items))}) == 1
        assert shown(task, 0) == shown(tasks[32], 0)[:k]
    left = {item.prompt + item.classes[item.answer] for item in tasks[0].items}
    assert not left & set(shown(tasks[32], 0)) and left | set(shown(tasks[32], 0)) == WHOLE


def test_both_prompts_of_a_comparison_get_the_same_demonstrations() -> None:
    items = [
        ChoiceItem(prompt=f"p{i}", other_prompt=f"o{i}", classes=(" a", " b"), answer=i % 2) for i in range(5)
    ]
    task = ChoiceTask(name="t", title="T", description="D", metric="log-odds", items=tuple(items))
    for item in with_shots(task, 2, 0).items:
        before = item.prompt.removesuffix(f"p{item.id}")
        assert item.other_prompt == f"{before}o{item.id}" and before.count(SEPARATOR) == 2


def test_a_completion_is_shown_whole() -> None:
    task = with_shots(contest.build("prompt-injection", n=10), 1, 0)
    assert all(shown(task, place)[0].endswith(".") for place in range(10))


@pytest.mark.parametrize("make", [with_shots, with_shared_shots])
@pytest.mark.parametrize("k", [-1, 60])
def test_too_many_or_too_few_demonstrations_are_refused(make, k: int) -> None:
    with pytest.raises(TaskError, match=f"{k} demonstrations from the 60 items"):
        make(TASK, k, 0)
