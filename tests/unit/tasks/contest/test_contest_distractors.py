"""Answers of the distractor tasks, worked out again from the prompt."""

import re

import pytest

from taskscope.tasks import contest
from taskscope.tasks.contest.frame import load

OPTION = re.compile(r"^[(\[]?([AB])[])}.:]\s*(.+)$", re.MULTILINE)
TRUE = {
    (thing, value)
    for family in load("facts").values()
    for value, things in family["facts"].items()
    for thing in things
}


def _options(prompt: str) -> dict[str, str]:
    found = dict(OPTION.findall(prompt))
    assert sorted(found) == ["A", "B"]
    return found


def _holds(prompt: str) -> dict[str, bool]:
    """Whether each option, by its letter, is true of the thing that the last question names."""
    options = _options(prompt)
    question = prompt[: OPTION.search(prompt).start()]
    found = {}
    for letter, value in options.items():
        found[letter] = any(
            known == value and re.search(rf"\b{thing}\b", question, re.IGNORECASE) for thing, known in TRUE
        )
    return found


@pytest.mark.parametrize("difficulty", range(4))
@pytest.mark.parametrize("seed", range(2))
def test_neqa_asks_for_what_is_false_and_lures_with_what_is_true(seed: int, difficulty: int) -> None:
    for item in contest.build("neqa", seed=seed, difficulty=difficulty).items:
        assert re.search(r"\bnot\b|\bwrong\b|Nobody", item.prompt)
        holds = _holds(item.prompt)
        assert not holds[item.classes[item.answer].strip()]
        assert holds[item.classes[1 - item.answer].strip()]


def test_neqa_probes_without_negation_ask_for_what_is_true() -> None:
    for probe in ("distractor", "control"):
        for item in contest.build("neqa", probe=probe).items:
            assert not re.search(r"\bnot\b|\bwrong\b|Nobody", item.prompt)
            assert _holds(item.prompt)[item.classes[item.answer].strip()]
    for item in contest.build("neqa", probe="true", strength=3).items:
        named = re.search(r"not (.+?), so it is", item.prompt)
        assert named and _options(item.prompt)[item.classes[1 - item.answer].strip()] == named[1]


def test_neqa_says_facts_before_as_strength_grows() -> None:
    usual = contest.build("neqa")
    for step in (2, 3):
        for item, bare in zip(contest.build("neqa", strength=step).items, usual.items, strict=True):
            said = item.prompt.removesuffix(bare.prompt)
            assert item.prompt == said + bare.prompt and said.count(". ") == step - 1
            assert _options(bare.prompt)[bare.classes[1 - bare.answer].strip()] in said
    for item, bare in zip(contest.build("neqa", strength=0).items, usual.items, strict=True):
        assert item.prompt != bare.prompt and item.prompt.lower() == bare.prompt.lower()


@pytest.mark.parametrize("difficulty", range(4))
def test_pattern_suppression_breaks_the_pattern_that_is_shown(difficulty: int) -> None:
    period = max(2, difficulty + 1)
    for strength in range(4):
        task = contest.build(
            "pattern-matching-suppression", n=150, seed=strength, strength=strength, difficulty=difficulty
        )
        for item in task.items:
            shown = item.prompt.removesuffix(",").replace("\n", " ")
            row = re.findall(r"[^\s,]+(?=,|$)", shown)[-(3 + 2 * strength + period - 2) :]
            assert all(a == b for a, b in zip(row, row[period:], strict=False))
            expected = row[-period]
            right, wrong = item.classes[item.answer].strip(), item.classes[1 - item.answer].strip()
            assert wrong == expected and right != expected and right in row
            if period == 2:
                assert right == row[-1]


def test_pattern_suppression_probes_keep_the_row_and_the_classes() -> None:
    tasks = [contest.build("pattern-matching-suppression", probe=probe) for probe in contest.PROBES]
    same = 0
    for task, lured, alone, control in zip(*(task.items for task in tasks), strict=True):
        if not task.classes == lured.classes == alone.classes == control.classes:
            continue  # where a probe has a prompt twice, its item is made of other content
        same += 1
        row = lured.prompt.partition(": ")[2]
        assert task.prompt.endswith(row) and control.prompt.endswith(row)
        assert lured.answer == control.answer == 1 - task.answer and alone.answer == task.answer
        forbidden, right = (task.classes[i].strip() for i in (1 - task.answer, task.answer))
        words = [word.strip(",.:;") for word in alone.prompt.split()]
        assert words.count(forbidden) == 2 and words.count(right) == 1
    assert same >= 280
