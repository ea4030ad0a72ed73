"""What all generated contest tasks have in common: balance, clusters, sameness, dials and probes."""

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from taskscope import pico
from taskscope.errors import TaskError
from taskscope.tasks import contest
from taskscope.tasks.choices import ChoiceTask
from taskscope.tasks.contest.frame import Draft, make

CHOICES = [name for name in contest.NAMES if contest.RECIPES[name].metric == "classification"]


@cache
def tokenizer() -> Tokenizer:
    folder = pico.folder("pico-m")
    assert folder is not None
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def tokens(text: str) -> list[int]:
    return tokenizer().encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize("name", contest.NAMES)
def test_a_thousand_items_are_different_and_fall_into_twenty_clusters_or_more(name: str) -> None:
    task = contest.build(name, n=1000)
    assert len({item.prompt for item in task.items}) == 1000
    sizes = Counter(item.cluster for item in task.items)
    assert len(sizes) >= 20 and max(sizes.values()) - min(sizes.values()) <= 2
    assert not any(brace in item.prompt for item in task.items for brace in "{}")


@pytest.mark.parametrize("probe", contest.PROBES)
@pytest.mark.parametrize("name", CHOICES)
def test_labels_are_balanced_within_every_cluster(name: str, probe: contest.Probe) -> None:
    task = contest.build(name, n=300, probe=probe)
    assert Counter(item.answer for item in task.items) == {0: 150, 1: 150}
    answers = Counter(item.classes[item.answer] for item in task.items)
    assert max(answers.values()) <= 0.6 * 300
    balance = Counter[str]()
    for item in task.items:
        balance[item.cluster] += 2 * item.answer - 1
    assert set(balance.values()) == {0}


@pytest.mark.parametrize("probe", contest.PROBES)
@pytest.mark.parametrize("name", contest.NAMES)
def test_classes_carry_their_space_and_differ_in_their_first_token(name: str, probe: contest.Probe) -> None:
    for item in contest.build(name, n=100, probe=probe).items:
        assert item.prompt == item.prompt.strip()
        assert all(text[0] == " " and text[1:] == text.strip() for text in item.classes)
        for text in item.classes:  # what follows the prompt is a token of its own
            assert tokens(item.prompt) + tokens(text) == tokens(item.prompt + text)
        if len(item.classes) > 1 and not all(text[1].isdigit() for text in item.classes):
            first = [tokens(text)[0] for text in item.classes]
            assert len(set(first)) == len(first)
        elif len(item.classes) > 1:  # digits may be tokens of their own behind a space
            assert len({text[1] for text in item.classes}) == len(item.classes)


@pytest.mark.parametrize("name", contest.NAMES)
def test_items_are_the_same_for_ever_and_others_under_another_seed(name: str) -> None:
    task = contest.build(name, n=60)
    assert task.fingerprint == contest.build(name, n=60).fingerprint
    prompts = {item.prompt for item in task.items}
    assert len(prompts & {item.prompt for item in contest.build(name, n=60, seed=1).items}) < 12
    longer = contest.build(name, n=80)
    assert longer.items[:60] == task.items  # more items do not change those there are


@pytest.mark.parametrize("name", contest.NAMES)
def test_probes_share_clusters_and_the_control_is_marked(name: str) -> None:
    tasks = {probe: contest.build(name, n=40, probe=probe) for probe in contest.PROBES}
    for probe, task in tasks.items():
        assert [i.cluster for i in task.items] == [i.cluster for i in tasks["task"].items]
        assert [i.id for i in task.items] == [i.id for i in tasks["task"].items]
        assert {i.control for i in task.items} == {probe == "control"}
    assert len({task.name for task in tasks.values()}) == len(tasks)
    assert len({task.fingerprint for task in tasks.values()}) == len(tasks)


def _changed(one: ChoiceTask, other: ChoiceTask) -> float:
    pairs = zip(one.items, other.items, strict=True)
    return sum(a.prompt != b.prompt for a, b in pairs) / len(one.items)


@pytest.mark.parametrize("dial", ["strength", "difficulty"])
@pytest.mark.parametrize("name", contest.NAMES)
def test_every_step_of_a_dial_changes_prompts_and_a_part_step_changes_as_many(name: str, dial: str) -> None:
    steps = [contest.build(name, n=100, **{dial: float(step)}) for step in range(contest.HARDEST + 1)]
    for lower, upper in pairwise(steps):
        assert _changed(lower, upper) > 0.9
    between = contest.build(name, n=100, **{dial: 1.3})
    assert _changed(steps[1], between) == pytest.approx(0.3, abs=0.15)
    assert all(
        item in (low, high)
        for item, low, high in zip(between.items, steps[1].items, steps[2].items, strict=True)
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "memo-trip"}, "did you mean 'memo-trap'"),
        ({"name": "memo-trap", "n": 0}, "1 item or more"),
        ({"name": "memo-trap", "strength": 3.5}, "strength of 3.5"),
        ({"name": "memo-trap", "difficulty": -1.0}, "difficulty of -1"),
        ({"name": "memo-trap", "probe": "tru"}, "did you mean 'true'"),
    ],
)
def test_what_cannot_be_made_is_refused(arguments: dict, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        contest.build(**arguments)


def test_a_generator_that_runs_dry_says_how_far_it_came() -> None:
    recipe = replace(contest.RECIPES["neqa"], write=lambda slot: Draft(f"p{slot.place}", " a", " b"))
    with pytest.raises(TaskError, match="2 items or fewer"):
        make(recipe, 3, 0, 1.0, 1.0, "task")


def test_the_page_shows_an_item_of_each_task_as_it_is_written() -> None:
    page = (Path(__file__).parents[4] / "docs" / "contest_tasks.md").read_text(encoding="utf-8")
    for name, recipe in contest.RECIPES.items():
        item = contest.build(name, n=1).items[0]
        assert f"```\n{item.prompt}\n```" in page
        assert f"**`{item.classes[item.answer]}`**" in page
        assert all(text in page for text in (recipe.about, recipe.strength, recipe.difficulty, recipe.probes))


FINGERPRINTS = {
    "resisting-correction": "7e91a4f2f7ea69f4",
    "memo-trap": "58f34d48f313467e",
    "redefine": "b14cd0da39dcb4df",
    "prompt-injection": "111ac4f502757532",
    "modus-tollens": "df6b83ebbfc58bee",
    "pattern-matching-suppression": "2ffd3099b339b634",
    "into-the-unknown": "3cdefbf49c66063d",
    "neqa": "49fc1d45ba4c4b51",
    "sig-figs": "b4e69a49638b629a",
    "hindsight-neglect": "18cdb21f971153a4",
    "repetitive-algebra": "1e01048c4e2f02ae",
}


@pytest.mark.parametrize("name", contest.NAMES)
def test_written_tasks_never_change(name: str) -> None:
    """Cells are found again by these; a new numpy or a new machine must not change them."""
    assert contest.build(name, n=60).fingerprint.startswith(FINGERPRINTS[name])
