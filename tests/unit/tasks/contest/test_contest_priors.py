"""Answers of the strong-prior tasks, worked out again from the prompt."""

import re

import pytest

from taskscope.tasks import contest
from taskscope.tasks.contest.frame import load

SAYINGS = {start: last for rows in load("sayings")["sayings"].values() for start, last in rows}


def _start(prompt: str) -> str:
    """The saying that the prompt breaks off."""
    return max((start for start in SAYINGS if prompt.endswith(start)), key=len)


@pytest.mark.parametrize("seed", range(3))
def test_memo_trap_asks_for_the_word_that_the_rule_names_and_lures_with_the_usual_one(seed: int) -> None:
    for item in contest.build("memo-trap", seed=seed).items:
        start = _start(item.prompt)
        right, wrong = item.classes[item.answer], item.classes[1 - item.answer]
        assert wrong == f" {SAYINGS[start]}."
        rule = item.prompt.removesuffix(start)
        assert right.strip(" .") in re.findall(r"\w+", rule)
        assert SAYINGS[start] not in re.findall(r"\w+", rule) or SAYINGS[start] in ("day", "word", "words")


def test_memo_trap_probes() -> None:
    task, lured, alone, control = (contest.build("memo-trap", probe=probe) for probe in contest.PROBES)
    same = 0
    for whole, bare, plain, usual in zip(task.items, lured.items, alone.items, control.items, strict=True):
        start = _start(whole.prompt)
        if not bare.classes == whole.classes == usual.classes:
            continue  # where a probe has a prompt twice, its item is made of other content
        same += 1
        assert bare.prompt.endswith(start)
        assert bare.classes[bare.answer] == f" {SAYINGS[start]}." == usual.classes[usual.answer]
        assert whole.classes[whole.answer].strip(" .") not in bare.prompt.split()
        new = whole.classes[whole.answer].strip(" .")
        assert usual.prompt == re.sub(rf"\b{new}\b", SAYINGS[start], whole.prompt)
        assert plain.classes[plain.answer].strip(" .") in plain.prompt
        assert plain.classes[1 - plain.answer].strip(" .") not in re.findall(r"\w+", plain.prompt)
        assert not any(plain.prompt.endswith(f" {other}") for other in SAYINGS)
    assert same >= 290


def test_memo_trap_dials() -> None:
    tasks = {s: contest.build("memo-trap", strength=s) for s in range(4)}
    for step, task in tasks.items():
        for item, usual in zip(task.items, tasks[1].items, strict=True):
            start = _start(usual.prompt)
            assert item.prompt.count(f'They say: "{start} {SAYINGS[start]}." ') == max(0, step - 1)
            assert item.classes == usual.classes
            if step:
                assert item.prompt.endswith(usual.prompt)
            else:
                assert item.prompt.endswith(f" {start.split()[-1]}")
                assert usual.prompt.removesuffix(start) in item.prompt
    for item, usual in zip(contest.build("memo-trap", difficulty=3).items, tasks[1].items, strict=True):
        used = [text for text in load("fillers") if text in item.prompt]
        assert len(used) == 2
        for text in used:
            item = item.model_copy(update={"prompt": item.prompt.replace(f" {text}", "")})
        assert item == usual


def _by_rule(prompt: str) -> str:
    """Answer a redefined question from its rule alone."""
    operations = {"plus": int.__add__, "minus": int.__sub__, "times": int.__mul__}
    if found := re.search(r"the sign (\S) is read as (\w+)", prompt):
        a, sign, b = re.findall(r"(\d+) (\S) (\d+) is$", prompt)[0]
        assert sign == found[1]
        return str(operations[found[2]](int(a), int(b)))
    if found := re.search(r"the (?:digit|letter) (\w) counts as (\d)", prompt):
        sign, plus = re.findall(r"(\w) \+ (\d+) is$", prompt)[0]
        assert sign == found[1] and sign not in plus
        return str(int(found[2]) + int(plus))
    if found := re.search(r"a (\w+) is (\d+)", prompt):
        k, word = re.findall(r"(\d+) (\w+) are$", prompt)[0]
        assert word == found[1]
        return str(int(k) * int(found[2]))
    found = re.search(r"one says (\w+) for (\w+)", prompt)
    assert found
    usual = [word for ask, word in ASKED if prompt.endswith(ask)] or [prompt.split()[-3]]
    assert usual[0] == found[2]
    return found[1]


def _as_usual(prompt: str) -> str:
    """Answer the question as if there were no rule."""
    for ask, word in ASKED:
        if prompt.endswith(ask):
            return word
    if found := re.search(r"(\d+) ([-+*]) (\d+) is$", prompt):
        return str(eval("".join(found.groups())))
    return str(12 * int(re.findall(r"(\d+) dozen are$", prompt)[0]))


ASKED = [tuple(row) for family in load("redefined").values() for row in family["asked"]]


@pytest.mark.parametrize("strength", range(4))
def test_redefine_follows_the_rule_and_lures_with_the_usual_meaning(strength: int) -> None:
    for item in contest.build("redefine", seed=strength, strength=strength).items:
        assert item.classes[item.answer].strip() == _by_rule(item.prompt)
        if strength:
            assert item.classes[1 - item.answer].strip() == _as_usual(item.prompt)
            statements = re.findall(r"Elsewhere (.+?)\.", item.prompt)
            assert len(statements) == strength - 1
            for said in statements:
                ask, _, usual = said.rpartition(" ")
                assert _as_usual(ask) == usual


def test_redefine_probes() -> None:
    for probe in ("distractor", "control"):
        for item in contest.build("redefine", probe=probe).items:
            assert item.classes[item.answer].strip() == _as_usual(item.prompt)
    for item in contest.build("redefine", probe="true", strength=3).items:
        assert "Elsewhere" not in item.prompt
        assert item.classes[item.answer].strip() == _by_rule(item.prompt)


LINES = re.compile(r"\n\w+: (.+)\n(?:By hand|\w+):(?: (.*))?$")


@pytest.mark.parametrize("difficulty", [1, 3])
@pytest.mark.parametrize("probe", ["task", "true", "control"])
def test_resisting_correction_copies_the_line(probe: contest.Probe, difficulty: int) -> None:
    task = contest.build("resisting-correction", n=150, seed=difficulty, probe=probe, difficulty=difficulty)
    for item in task.items:
        found = LINES.search(item.prompt)
        assert found
        line, begun = found.groups()
        assert line.startswith(begun + item.classes[item.answer])
        assert not line.startswith(begun + item.classes[1 - item.answer])


def test_resisting_correction_lures_with_the_line_as_it_should_be() -> None:
    """The right line is quoted at strength 2: start and lure together are in it, start and slip are not."""
    usual = contest.build("resisting-correction").items
    control = contest.build("resisting-correction", probe="control").items
    quoted = contest.build("resisting-correction", strength=2).items
    for item, plain, normal in zip(quoted, usual, control, strict=True):
        known = item.prompt.removesuffix(plain.prompt)
        assert item.prompt == known + plain.prompt and item.classes == plain.classes
        begun = plain.prompt.rpartition(": ")[2]
        assert known.startswith(f"Books have: {begun}{plain.classes[1 - plain.answer]}")
        assert normal.prompt != plain.prompt
        if normal.classes == plain.classes:
            assert known.removeprefix("Books have: ").strip() in normal.prompt


def test_resisting_correction_jumbles_what_comes_before_the_slip() -> None:
    for item, whole in zip(
        contest.build("resisting-correction", probe="true").items,
        contest.build("resisting-correction").items,
        strict=True,
    ):
        if item.classes == whole.classes:
            words, plain = (i.prompt.rpartition(": ")[2].lower().split() for i in (item, whole))
            assert sorted(words[1:]) == sorted(plain)


def test_prompt_injection_repeats_the_last_line() -> None:
    commands = dict(row for rows in load("commands").values() for row in rows)
    tasks = {probe: contest.build("prompt-injection", probe=probe).items for probe in contest.PROBES}
    for probe in ("task", "true", "control"):
        for item in tasks[probe]:
            lines = item.prompt.split("\n")[1:]
            given = [line.partition(": ")[2] for line in lines[::2]]
            again = [line.partition(":")[2] for line in lines[1::2]]
            assert len(given) == len(again) == 3 and again[-1] == ""
            assert again[:-1] == [f" {line}" for line in given[:-1]]
            assert item.classes == (f" {given[-1]}",)
            assert any(do in given[-1].lower() for do in commands) == (probe == "task")
    for item in tasks["distractor"]:
        named = [do for do in commands if re.search(rf"\b{do}\. ", item.prompt)]
        assert len(named) == 1 and item.classes == (commands[named[0]],)


def test_prompt_injection_dials_change_the_command_and_the_lines_before() -> None:
    for step in range(4):
        for item in contest.build("prompt-injection", n=100, difficulty=step).items:
            assert item.prompt.count("\n") == 2 * (4 - step)
    levels = [contest.build("prompt-injection", n=100, strength=step).items for step in range(4)]
    for items in zip(*levels, strict=True):
        if len({item.prompt.partition("\n")[0] for item in items}) == 1:
            lengths = [len(item.classes[0]) for item in items]
            assert lengths == sorted(set(lengths))
            assert len({item.prompt.rpartition("\n")[0].rpartition("\n")[0] for item in items}) == 1
