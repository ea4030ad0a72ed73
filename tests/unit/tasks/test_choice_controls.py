"""Changed copies of choice tasks: what changes, what stays, and what is refused."""

import json
import os
import re
from pathlib import Path

import pytest

from taskscope.errors import TaskError
from taskscope.tasks import choice_controls, contest
from taskscope.tasks.choices import ChoiceItem, ChoiceTask

LETTERED = [name for name in contest.NAMES if contest.build(name, n=2).items[0].classes == (" A", " B")]


def _task(prompt: str, *classes: str, answer: int = 0) -> ChoiceTask:
    item = ChoiceItem(prompt=prompt, classes=classes, answer=answer, cluster="c")
    return ChoiceTask(name="t", title="T", description="D", items=(item,))


@pytest.mark.parametrize("name", LETTERED)
def test_options_change_places_and_the_answer_goes_with_them(name: str) -> None:
    task = contest.build(name, n=60)
    swapped = choice_controls.swap_options(task)
    assert choice_controls.swap_options(swapped).fingerprint == task.fingerprint
    for item, old in zip(swapped.items, task.items, strict=True):
        texts = [re.search(rf"\b{letter}\W+\s(.+)$", old.prompt, re.M) for letter in "AB"]
        one, other = (found[1] for found in texts if found)
        assert item.prompt.index(f" {other}\n") < item.prompt.index(f" {one}\n")
        assert item.answer == 1 - old.answer and item.classes == old.classes
        assert sorted(item.prompt) == sorted(old.prompt)


def test_the_lettered_tasks_are_the_three_with_options() -> None:
    assert LETTERED == ["into-the-unknown", "neqa", "sig-figs"]


@pytest.mark.parametrize(
    "options",
    ["A. ice\nB. hot lava", "(A) ice\n(B) hot lava", "[A] ice\n[B] hot lava", "A = ice\nB = hot lava"],
)
def test_only_the_last_options_of_a_prompt_change_places(options: str) -> None:
    task = _task(f"A. red\nB. blue\nAnswer: A\n\nPick\n{options}\nAnswer:", " A", " B")
    item = choice_controls.swap_options(task).items[0]
    assert item.prompt.startswith("A. red\nB. blue\nAnswer: A\n\nPick\n")
    assert item.prompt.index("hot lava") < item.prompt.index("ice") and item.answer == 1


def test_labels_in_demonstrations_change_and_with_them_the_answer() -> None:
    task = _task("Judge.\n\nx? Yes\n\ny? No\n\nz?", " Yes", " No")
    item = choice_controls.swap_labels(task).items[0]
    assert (item.prompt, item.answer) == ("Judge.\n\nx? No\n\ny? Yes\n\nz?", 1)
    bets = contest.build("hindsight-neglect", n=40)
    swapped = choice_controls.swap_labels(bets)
    assert choice_controls.swap_labels(swapped).fingerprint == bets.fingerprint
    assert swapped.items[0].prompt.count(" Yes") == bets.items[0].prompt.count(" No")


def test_relabelled_demonstrations_keep_all_but_their_labels() -> None:
    bets = contest.build("hindsight-neglect", n=200)
    changed = choice_controls.relabel_demonstrations(bets, seed=1)
    kept = total = 0
    for item, old in zip(changed.items, bets.items, strict=True):
        assert (item.classes, item.answer) == (old.classes, old.answer)
        blocks, before = item.prompt.split("\n\n"), old.prompt.split("\n\n")
        assert blocks[-1] == before[-1]
        for block, was in zip(blocks[:-1], before[:-1], strict=True):
            assert block.rpartition(" ")[0] == was.rpartition(" ")[0]
            kept, total = kept + (block == was), total + 1
    assert kept / total == pytest.approx(0.5, abs=0.06)  # 800 labels: a standard error of .018
    assert changed.fingerprint != choice_controls.relabel_demonstrations(bets, seed=2).fingerprint


def test_the_last_demonstration_is_dropped_and_nothing_else() -> None:
    task = contest.build("repetitive-algebra", n=40)
    for item, old in zip(choice_controls.drop_last_demonstration(task).items, task.items, strict=True):
        *shown, last, query = old.prompt.split("\n\n")
        assert item.prompt == "\n\n".join([*shown, query])
        assert last.endswith(old.classes[1 - old.answer]) and last not in item.prompt
        assert (item.classes, item.answer) == (old.classes, old.answer)


def test_names_for_labels_are_explained_and_asked_for() -> None:
    task = contest.build("modus-tollens", n=20)
    for item, old in zip(choice_controls.rename_labels(task).items, task.items, strict=True):
        assert item.prompt == f'Answer with "left" for Yes and "right" for No.\n{old.prompt}'
        assert item.classes == (" left", " right") and item.answer == old.answer
    other = choice_controls.rename_labels(task, (" right", " left"))
    assert other.items[0].prompt.startswith('Answer with "right" for Yes and "left" for No.\n')


@pytest.mark.parametrize(
    ("prompt", "empty"),
    [
        ("What is ice?\nA. cold\nB. hot\nAnswer:", "N/A\nAnswer:"),
        ("Too many cooks spoil the", "N/A"),
        ("Note\nA long line that is no cue", "N/A"),
    ],
)
def test_a_prompt_without_content_keeps_its_cue(prompt: str, empty: str) -> None:
    item = choice_controls.content_free(_task(prompt, " A", " B")).items[0]
    assert (item.prompt, item.other_prompt, item.classes) == (empty, "", (" A", " B"))


def test_every_item_stays_in_its_cluster_and_the_name_tells_the_change() -> None:
    task = contest.build("neqa", n=20)
    for change in (choice_controls.swap_options, choice_controls.content_free):
        changed = change(task)
        assert [(i.id, i.cluster) for i in changed.items] == [(i.id, i.cluster) for i in task.items]
        assert changed.name.startswith("neqa (") and changed.metric == task.metric


@pytest.mark.parametrize(
    ("change", "task", "message"),
    [
        (choice_controls.swap_options, _task("p\nA. x\nB. y\n", " Yes", " No"), "two last lines of options"),
        (choice_controls.swap_options, _task("A x or B y?", " A", " B"), "two last lines of options"),
        (choice_controls.swap_labels, _task("one\n\ntwo", " Y", " N"), "end with one of two labels"),
        (choice_controls.swap_labels, _task("a Y\n\nb\n\nc", " Y", " N"), "end with one of two labels"),
        (choice_controls.drop_last_demonstration, _task("alone", " 1", " 2"), "empty line"),
        (choice_controls.rename_labels, _task("p", " a", " b", " c"), "Expected: 2 classes"),
    ],
)
def test_prompts_of_another_form_are_refused(change, task: ChoiceTask, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        change(task)


def test_released_items_can_be_changed_too() -> None:
    folder = os.environ.get("TASKSCOPE_DATA")
    path = Path(folder or ".") / "inverse_scaling/official/neqa_classification.jsonl"
    if not folder or not path.is_file():
        pytest.skip("TASKSCOPE_DATA does not name the public data folder")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    items = [
        ChoiceItem(prompt=row["prompt"], classes=(" A", " B"), answer=row["answer_index"]) for row in rows
    ]
    task = ChoiceTask(name="neqa", title="NeQA", description="D", items=tuple(items))
    swapped = choice_controls.swap_options(task)
    assert all(new.prompt != old.prompt for new, old in zip(swapped.items, task.items, strict=True))
    assert choice_controls.swap_options(swapped).fingerprint == task.fingerprint
    assert {item.prompt for item in choice_controls.content_free(task).items} == {"N/A\nAnswer:"}
