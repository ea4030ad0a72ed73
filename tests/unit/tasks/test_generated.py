"""Tasks made from built-in ones: both directions and two steps, counted against their sources."""

from __future__ import annotations

import pytest

from taskscope.tasks import registry
from taskscope.tasks.generated import BACKWARD, BOTH_WAYS, FORWARD, NAMES, SUITES, directions, steps


@pytest.mark.parametrize("name", SUITES["bijection"])
def test_both_ways_holds_every_pair_and_its_inverse(name: str) -> None:
    task = registry.get(name)
    pairs = {(item.input, item.label) for item in task.items}
    assert {(y, x) for x, y in pairs} == pairs
    assert len(pairs) == len(task.items) > 40
    source = {(item.input, item.label) for item in registry.get(name.removesuffix(BOTH_WAYS)).items}
    told = directions(name)
    assert {(x, y) for x, y in pairs if told[y] == FORWARD} <= source
    assert sum(told[y] == BACKWARD for _, y in pairs) == len(pairs) // 2
    by_cluster: dict[str, set[str]] = {}
    for item in task.items:
        by_cluster.setdefault(item.cluster, set()).add(item.input)
    assert all(any(x in some and y in some for some in by_cluster.values()) for x, y in pairs)


@pytest.mark.parametrize("name", SUITES["two-step"])
def test_two_steps_are_one_after_the_other(name: str) -> None:
    task = registry.get(name)
    first, second = steps(name)
    source = {item.input: item for item in registry.get(first).items}
    for item in task.items:
        label = source[item.input].label
        assert item.label == (label.upper() if second == "to-upper" else label.capitalize())
        assert item.label != label
    assert item_of("next-letter-then-to-upper", "a") == ("B",)


def item_of(name: str, text: str) -> tuple[str, ...]:
    return next(item.answers for item in registry.get(name).items if item.input == text)


def test_generated_tasks_are_listed_by_group_alone_and_can_be_found_again() -> None:
    assert not set(NAMES) & set(registry.names())
    assert registry.names("two-step") == list(SUITES["two-step"])
    for name in NAMES:
        task = registry.get(name)
        assert registry.resolve(registry.ref(task)) == task
