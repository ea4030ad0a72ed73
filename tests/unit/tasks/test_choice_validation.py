"""The twenty rules: each fires on a task made to break it, and on no other."""

from __future__ import annotations

import json
import tracemalloc
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskscope.tasks.choice_validation import (
    Encoding,
    Issue,
    validate,
    validate_task,
)
from taskscope.tasks.choice_validation.duplicates import LIKE, near_duplicates
from taskscope.tasks.choice_validation.texts import odd_characters
from taskscope.tasks.choices import ChoiceItem, ChoiceTask, Metric

WORDS = (
    *("lime", "crate", "lamp", "river", "stone", "cloud", "spoon", "wheel"),
    *("glove", "piano", "tiger", "bread", "chair", "candle", "garden", "letter"),
)


def sentence(k: int) -> str:
    """Write a sentence that shares no three words with another of the first thousand."""
    order = [WORDS[(k // 16**place + place * k) % 16] + str(k) for place in range(3)]
    frames = [
        "The {} is {} and {}.",
        "If a {} were {}, then {}!",
        "Which {}, or {}, before {}?",
        "{}: not {}; {}",
    ]
    return f"{'So ' * (k % 7)}{frames[k % 4].format(*order)} Answer:"


def clean(n: int = 1000) -> list[ChoiceItem]:
    """Items that break no rule."""
    return [
        ChoiceItem(
            prompt=sentence(k), classes=(" yes", " no"), answer=k % 2, cluster=f"c{k % 25}", control=k == 0
        )
        for k in range(n + 1)
    ]


def task_of(items: Sequence[ChoiceItem], metric: Metric = "classification") -> ChoiceTask:
    return ChoiceTask(name="t", title="T", description="D", metric=metric, items=tuple(items))


def rules(issues: Sequence[Issue]) -> set[tuple[str, str]]:
    return {(issue.rule, issue.severity) for issue in issues}


def change(items: list[ChoiceItem], place: int, **fields: object) -> list[ChoiceItem]:
    return [item.model_copy(update=fields) if k == place else item for k, item in enumerate(items)]


def test_a_task_that_keeps_every_rule_has_no_issue() -> None:
    assert validate_task(task_of(clean())) == []
    assert validate_task(task_of(clean()), words()) == []


@pytest.mark.parametrize(
    ("items", "found"),
    [
        (clean(299), {("V3", "error")}),
        (clean(300), {("V3", "warning")}),
        (change(clean(), 5, classes=("yes", " no")), {("V5", "warning")}),
        (change(clean(), 5, prompt=f"{sentence(5)} "), {("V5", "error")}),
        (change(clean(), 5, prompt=f"{sentence(5)} ", classes=("yes", "no")), {("V5", "warning")}),
        (change(clean(), 5, prompt=sentence(6), answer=0), {("V8", "error")}),
        (change(clean(), 5, prompt=f"{sentence(5)}\t!"), {("V12", "warning")}),
        (change(clean(), 5, classes=(" yes", " no", " maybe")), {("V13", "warning")}),
        ([i.model_copy(update={"answer": 0}) for i in clean()], {("V9", "error")}),
        (
            [i.model_copy(update={"answer": int(k % 3 == 0)}) for k, i in enumerate(clean())],
            {("V9", "warning")},
        ),
        (
            [i.model_copy(update={"cluster": f"c{k % 19}"}) for k, i in enumerate(clean())],
            {("V16", "warning")},
        ),
        ([i.model_copy(update={"control": False}) for i in clean()], {("V17", "warning")}),
    ],
)
def test_each_rule_is_found_alone(items: list[ChoiceItem], found: set[tuple[str, str]]) -> None:
    assert rules(validate_task(task_of(items))) == found


def test_one_place_is_a_warning_where_the_right_texts_differ() -> None:
    items = [
        i.model_copy(update={"classes": (" yes", " no") if k % 2 else (" no", " yes"), "answer": 1})
        for k, i in enumerate(clean())
    ]
    assert [(i.rule, i.severity) for i in validate_task(task_of(items))] == [("V9", "warning")]


def test_controls_count_neither_for_size_nor_for_labels() -> None:
    items = [
        i.model_copy(update={"control": k >= 200, "answer": int(k < 200)}) for k, i in enumerate(clean(400))
    ]
    assert rules(validate_task(task_of(items))) == {("V3", "error"), ("V9", "error")}


def test_two_equal_prompts_of_log_odds_are_an_error() -> None:
    items = [i.model_copy(update={"other_prompt": f"Really. {i.prompt}"}) for i in clean()]
    assert validate_task(task_of(items, "log-odds")) == []
    same = change(items, 3, other_prompt=items[3].prompt)
    assert [(i.rule, i.line) for i in validate_task(task_of(same, "log-odds"))] == [("V14", 4)]


def test_templates_are_told_by_their_wording_where_none_is_named() -> None:
    items = [
        ChoiceItem(
            prompt=f"The {a} is {b}. Is it {a}?", classes=(" yes", " no"), answer=k % 2, control=k == 0
        )
        for k, (a, b) in enumerate((a, b) for a in WORDS for b in WORDS)
    ]
    issue = next(i for i in validate_task(task_of(items)) if i.rule == "V16")
    assert issue.message.startswith("1 templates or clusters, by their wording")


@given(st.lists(st.frozensets(st.integers(0, 12), max_size=12), min_size=1, max_size=14))
def test_near_duplicates_are_those_that_every_pair_compared_would_give(sets: list[frozenset[int]]) -> None:
    def like(a: frozenset[int], b: frozenset[int]) -> bool:
        return bool(a) and bool(b) and len(a & b) / len(a | b) >= LIKE - 1e-9

    wanted = [any(like(a, b) for j, b in enumerate(sets) if j != i) for i, a in enumerate(sets)]
    assert near_duplicates([np.array(sorted(s), dtype=np.int64) for s in sets]).tolist() == wanted


def test_near_duplicates_are_counted() -> None:
    long = " ".join(f"word{k}" for k in range(100))
    items = [
        *clean(),
        *(ChoiceItem(prompt=f"{long} {end}:", classes=(" a", " b")) for end in ("x", "y", "z")),
    ]
    (issue,) = validate_task(task_of(items))
    assert (issue.rule, issue.line, issue.message[:16]) == ("V8", None, "3 of 1004 items ")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("plain ASCII, naïve and Москва λ", []),
        ("a\tb\r\n", ["a tab", "a carriage return (CRLF)"]),
        ("a\u200bb", ["the hidden character U+200B"]),
        ("a\u00a0b", ["'\\xa0' (U+00A0), which looks like ASCII"]),
        ("ｆull", ["'ｆ' (U+FF46), which looks like ASCII"]),
        ("p\u0430ypal", ["'pаypal', which mixes Cyrillic and Latin letters"]),
    ],
)
def test_characters_that_look_like_others_are_named(text: str, found: list[str]) -> None:
    assert list(odd_characters(text)) == found


def words(context: int | None = None, special: int = 0) -> Encoding:
    """Read a word with the space before it as one token, and a hyphen as a token of its own."""
    vocabulary: dict[str, int] = {}

    def encode(text: str) -> list[int]:
        parts = text.replace("-", "\0-\0").replace(" ", "\0 ").split("\0")
        return [vocabulary.setdefault(part, len(vocabulary)) for part in parts if part]

    return Encoding("words", encode, context, special)


def tokens_of(item: ChoiceItem, metric: Metric = "classification", **how: int) -> list[tuple[str, str]]:
    issues = validate_task(task_of([item], metric), words(**how))
    wanted = ("V6", "V7", "V10", "V11", "V14", "V20")
    return [
        (i.rule, i.severity) for i in issues if i.rule in wanted and not (i.rule == "V14" and i.line is None)
    ]


@pytest.mark.parametrize(
    ("classes", "found"),
    [
        ((" a", " b"), []),
        (("a", " b"), [("V6", "error"), ("V20", "error")]),
        ((" a-c", " b-c"), [("V7", "warning")]),
        ((" a-c", " a-d"), [("V7", "warning")]),
        ((" a-c", " b"), [("V10", "warning")]),
    ],
)
def test_token_rules(classes: tuple[str, ...], found: list[tuple[str, str]]) -> None:
    assert tokens_of(ChoiceItem(prompt="one two:", classes=classes)) == found


def test_classes_of_the_same_tokens_cannot_be_told_apart() -> None:
    encoding = Encoding("blind", lambda text: [len(word) for word in text.split()])
    issues = validate_task(task_of([ChoiceItem(prompt="p", classes=(" ab", " cd"))]), encoding)
    assert {("V7", "error"), ("V20", "error")} <= rules(issues)


def test_the_context_counts_special_tokens_and_nothing_is_cut() -> None:
    item = ChoiceItem(prompt="one two three", classes=(" a", " b"))
    assert tokens_of(item, context=4) == []
    assert tokens_of(item, context=4, special=1) == [("V11", "error"), ("V11", "error"), ("V20", "error")]


def test_log_odds_need_single_tokens() -> None:
    item = ChoiceItem(prompt="p", other_prompt="q", classes=(" a-b", " c"))
    assert ("V14", "error") in tokens_of(item, "log-odds")


def test_lengths_are_compared_with_labels() -> None:
    items = [ChoiceItem(prompt=sentence(k), classes=(" a", " b-c-d"), answer=int(k < 3)) for k in range(10)]
    issue = next(i for i in validate_task(task_of(items), words()) if i.rule == "V10")
    assert issue.message == (
        "In 10 of 10 items the classes differ in tokens; length and being right correlate by -0.40 "
        "(the right ones are shorter)."
    )


def lines(n: int, **more: object) -> str:
    return "".join(
        json.dumps({"prompt": i.prompt, "classes": str(list(i.classes)), "answer_index": i.answer, **more})
        + "\n"
        for i in clean(n)
    )


def test_a_file_is_judged_with_its_name_lines_and_description(tmp_path: Path) -> None:
    path = tmp_path / "lovelace-set.jsonl"
    bad = '{"prompt": "p", "classes": "[\' a\', \' b\']", "answer_index": 7, "tmplate": "x"}\n'
    path.write_text(lines(300) + bad * 12, encoding="utf-8")
    path.with_suffix(".json").write_text('{"authors": ["Ada Lovelace"], "licence": "CC0"}', encoding="utf-8")
    issues = validate(path)
    assert [(i.rule, i.severity, i.line) for i in issues[:2]] == [
        ("columns", "warning", 302),
        ("V2", "error", 302),
    ]
    assert "did you mean 'template'" in issues[0].message
    assert [i.message for i in issues if i.rule == "V2"][-1] == "12 times in all; the first 10 are named."
    assert [i.line for i in issues if i.rule == "V2"] == [*range(302, 312), None]
    told = {i.rule: i.message for i in issues}
    assert "lovelace" in told["V19"] and "licence" not in told["V18"] and "why_inverse" in told["V18"]


def test_parts_of_a_zip_are_judged_together_and_named(tmp_path: Path) -> None:
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("home/ada/a.jsonl", lines(300))
        archive.writestr("home/ada/b.jsonl", lines(0))
    issues = validate(path)
    twice = next(i for i in issues if i.rule == "V8")
    assert twice.message == (
        "home/ada/b.jsonl: the same prompt and classes stand on home/ada/a.jsonl, line 1."
    )
    assert twice.line == 1
    assert sum(i.rule == "V19" for i in issues) == 2


def test_memory_does_not_grow_with_the_length_of_items(tmp_path: Path) -> None:
    def peak(n_words: int) -> int:
        path = tmp_path / f"{n_words}.csv"
        rows = (f"{k} {'word ' * n_words}, c\n" for k in range(300))
        path.write_text("prompt,completion\n" + "".join(rows), encoding="utf-8")
        tracemalloc.start()
        try:
            validate(path)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(1000) - peak(10) < 200_000  # of 1.5 MB of text
