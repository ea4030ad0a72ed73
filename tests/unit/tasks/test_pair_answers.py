"""Right and wrong answers as minimal pairs: what differs, what is shown, and how they are found."""

from __future__ import annotations

import pytest

from taskscope.errors import TaskError
from taskscope.tasks import classification_registry, pair_registry, registry
from taskscope.tasks.task import Item, MappingTask


@pytest.mark.parametrize("name", ["country-capital", "next-letter", "present-past"])
def test_pairs_are_prompts_with_the_right_and_a_wrong_answer(name: str) -> None:
    task = registry.get(name)
    answers = {item.input: item.answers for item in task.items}
    [paradigm] = pair_registry.get(f"mapping/{name}")
    asked = []
    for pair in paradigm.pairs:
        *shown, good = pair.good.split("\n")
        *same, bad = pair.bad.split("\n")
        assert shown == same and len(shown) == 3
        for line in shown:
            x, _, y = line.partition("->")
            assert y in answers[x]
        query, _, right = good.partition("->")
        other, _, wrong = bad.partition("->")
        assert query == other and right in answers[query] and wrong not in answers[query]
        assert query not in [line.partition("->")[0] for line in shown]
        asked.append(query)
    assert len(set(asked)) == len(asked) == min(len(task.items), 400)


def test_all_18_are_found_in_their_groups_and_again_by_reference() -> None:
    found = pair_registry.get("mapping")
    assert [p.name for p in found] == list(registry.PAPER_TASKS)
    assert {p.phenomenon for p in found} == {"algorithmic", "translation", "linguistic", "knowledge"}
    assert all(pair_registry.resolve(pair_registry.ref(p)) == p for p in found[:3])


def test_classified_texts_are_asked_behind_one_of_each_class() -> None:
    task = classification_registry.get("topics")
    [paradigm] = pair_registry.get("classified/topics")
    classes = {text.text: text.label for text in (*task.pool, *task.test)}
    for pair in paradigm.pairs[:20]:
        lines = [line.partition(": ")[2] for line in pair.good.split("\n") if line]
        assert sorted(lines[1:-2:2]) == sorted(task.labels)
        assert lines[-1] == task.labels[classes[lines[-2]]]
        ending = pair.bad.rpartition(": ")[2]
        assert ending in task.labels and ending != lines[-1]
    assert pair_registry.resolve(pair_registry.ref(paradigm)) == paradigm


def test_a_task_with_one_answer_is_refused(tmp_path) -> None:
    path = tmp_path / "own.json"
    task = MappingTask(
        name="own", title="", group="user", description="",
        items=tuple(Item(input=f"x{i}", answers=("y",)) for i in range(6)),
    )  # fmt: skip
    path.write_text(task.model_dump_json())
    with pytest.raises(TaskError, match="another answer"):
        pair_registry.get(f"mapping/{path}")
    with pytest.raises(TaskError, match="country-capital"):
        pair_registry.get("mapping/country-capitals")
