"""Few-shot measurements on readers known through and through: one infers the task, one copies."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from taskscope.tasks import registry
from taskscope.tasks.prompts import FORMATS
from taskscope.tasks.registry import PAPER_TASKS
from taskscope.training.cards import few_shot, shared_inputs
from taskscope.training.cards.gate import gate
from taskscope.training.cards.questions import NEW_TASK, SEEN, UNSEEN, Question, questions
from taskscope.training.documents.formats import is_trained_on
from taskscope.training.documents.rules import held_out_tasks
from taskscope.training.documents.splits import HELD_OUT_TASKS, Split

SPLIT = Split()
N = 12


@cache
def tables() -> dict[str, dict[str, tuple[str, ...]]]:
    tasks = [registry.get(name) for name in registry.names()] + list(held_out_tasks().values())
    return {task.name: {item.input: item.answers for item in task.items} for task in tasks}


def infer(pairs: list[tuple[str, str]], query: str) -> tuple[str, ...]:
    """Every answer that a task consistent with all the pairs gives; none without a pair."""
    fitting = [t for t in tables().values() if pairs and all(y in t.get(x, ()) for x, y in pairs)]
    return tuple(y for table in fitting for y in table.get(query, ()))


def copy(pairs: list[tuple[str, str]], query: str) -> tuple[str, ...]:
    return (query,)


class Reader:
    """Stands in for a model of one token per character, with room for 1,024."""

    context = 1_024

    def __init__(self, read: Callable[[list[tuple[str, str]], str], tuple[str, ...]]) -> None:
        self.read = read
        self.encoder = SimpleNamespace(encode_all=lambda texts: [self.encode(text) for text in texts])
        self.prompts: list[str] = []

    def encode(self, text: str) -> list[int]:
        return list(map(ord, text))

    def tokenizer(self, texts: list[str], verbose: bool) -> dict[str, list[list[int]]]:
        return {"input_ids": [self.encode(text) for text in texts]}

    def answer(self, prompts, accepted) -> SimpleNamespace:
        self.prompts += prompts
        said = []
        for prompt in prompts:
            *lines, query = prompt.split("\n")
            pairs = [tuple(line.split("->")) for line in lines]
            said.append(self.read(pairs, query.removesuffix("->")))
        correct = {
            name: np.array(
                [bool(set(some) & set(answers)) for some, answers in zip(said, lists, strict=True)]
            )
            for name, lists in accepted.items()
        }
        return SimpleNamespace(correct=correct)


@pytest.fixture(scope="module")
def asked() -> list[Question]:
    return questions(SPLIT)


@pytest.fixture(scope="module")
def inferred(asked) -> list[dict]:
    others = few_shot.other_tasks(SPLIT)
    return [few_shot.measure(Reader(infer), question, others, N, 0) for question in asked]


def test_every_task_is_asked_and_facts_keep_to_their_side(asked):
    assert {q.task.name for q in asked} == {*registry.names(), *held_out_tasks()}
    for q in asked:
        if q.facts == NEW_TASK:
            assert not q.listed
            continue
        side = {SEEN: "train", UNSEEN: "held-out"}[q.facts]
        assert {SPLIT.side_of(q.task.name, item.input) for item in q.queries} == {side}
        assert {SPLIT.side_of(q.task.name, item.input) for item in q.pool} == {"train"}
        assert q.listed == (q.task.name not in HELD_OUT_TASKS)


def test_a_reader_that_infers_the_task_learns_everything_and_follows_what_it_is_shown(inferred):
    assert min(row["by_count"]["8"][0] for row in inferred) > 0.9
    assert {row["by_count"]["0"][0] for row in inferred} == {0.0}
    assert max(row["other_task"][0] for row in inferred) < 0.2
    shared = shared_inputs.measure(Reader(infer), SPLIT, N, 0)
    judged = gate(inferred, shared)
    assert set(judged["learned"]["tasks"]) == set(PAPER_TASKS) - {"prev-letter"}
    assert judged["other_task"]["accuracy"] < 0.05 < 0.9 < judged["other_task"]["own_task"]
    assert judged["shared_inputs"]["follow"] > 0.9
    assert judged["shared_inputs"]["another_task"] < 0.1
    new = judged["held_out_tasks"]["tasks"]
    assert list(new) == sorted(("prev-letter", "last-letter", *held_out_tasks())) and min(new.values()) > 0.9
    above = judged["other_task"]["above_the_prior"]
    assert set(above) < set(judged["learned"]["tasks"]) and all(0 < share < 0.2 for share in above.values())


def test_a_reader_that_copies_learns_nothing_and_follows_nothing(asked):
    others = few_shot.other_tasks(SPLIT)
    rows = [few_shot.measure(Reader(copy), question, others, N, 0) for question in asked]
    judged = gate(rows, shared_inputs.measure(Reader(copy), SPLIT, N, 0))
    assert judged["learned"]["n"] == 0
    assert judged["held_out_tasks"]["tasks"] == {}
    shown = [told for group in shared_inputs.GROUPS.values() for told in group]
    follows = judged["shared_inputs"]["follow"]
    assert follows == pytest.approx(shown.count("copy") / len(shown), abs=0.02)
    copied = next(row for row in rows if row["task"] == "copy" and row["facts"] == SEEN)
    assert copied["by_count"]["0"][0] == copied["copying"] == copied["best_rule"] == 1.0


def test_the_first_k_demonstrations_are_the_same_for_every_k(asked):
    reader = Reader(infer)
    question = next(q for q in asked if q.task.name == "en-fr" and q.facts == UNSEEN)
    row = few_shot.measure(reader, question, few_shot.other_tasks(SPLIT), N, 0)
    assert list(row["by_count"]) == list(map(str, few_shot.COUNTS))
    by_count = np.array(reader.prompts).reshape(-1, N)
    for fewer, more in pairwise(by_count[: len(few_shot.COUNTS)]):
        for a, b in zip(fewer, more, strict=True):
            start, _, query = a.rpartition("\n")
            assert b.startswith(start)
            assert b.endswith(query)
    true = {(item.input, item.label) for item in SPLIT.items("en-fr", "train")}
    own, other, shuffled = (
        [tuple(x.split("->")) for x in by_count[i][0].split("\n")[:-1]] for i in (4, 7, 8)
    )
    assert set(own) <= true
    assert len(other) == 8
    assert not set(other) & true
    assert not set(shuffled) & true
    assert [x for x, _ in shuffled] == [x for x, _ in own]


def test_what_does_not_fit_is_left_out(asked):
    question = next(q for q in asked if q.task.name == "person-language" and q.facts == SEEN)
    wide, narrow = Reader(infer), Reader(infer)
    narrow.context = 300
    others = few_shot.other_tasks(SPLIT)
    few_shot.measure(wide, question, others, N, 0)
    row = few_shot.measure(narrow, question, others, N, 0)
    longest = np.array([len(text) for text in wide.prompts]).reshape(-1, N).max(axis=1)
    assert list(row["by_count"]) == [
        str(k) for k, n in zip(few_shot.COUNTS, longest, strict=False) if n <= 280
    ]
    assert "8" in row["by_count"]
    assert "32" not in row["by_count"]
    lines = [FORMATS["arrow"].render([(i.input, i.label)], "").text for i in question.pool]
    mean = np.mean([len(line) - len("->") for line in lines])
    query = max(len(f"{i.input}->{i.label}") for i in question.queries)
    assert row["fit"] * mean + query <= 300 < (row["fit"] + 1) * mean + query


def test_an_interval_counts_each_query_once(asked):
    question = next(q for q in asked if q.task.name == "to-upper" and q.facts == UNSEEN)
    row = few_shot.measure(Reader(infer), question, few_shot.other_tasks(SPLIT), 100, 0)
    assert (row["draws"], row["queries"]) == (100, len(question.queries))
    assert row["by_count"]["8"][1] < 0.5


def test_shared_queries_are_facts_seen_with_different_answers():
    for tasks in shared_inputs.GROUPS.values():
        inputs = shared_inputs.shared(tasks, SPLIT)
        assert len(inputs) >= 15
        for text in inputs:
            answers = [tables()[task][text] for task in tasks]
            assert len({y for some in answers for y in some}) == sum(map(len, answers))
            assert all(SPLIT.side_of(task, text) == "train" for task in tasks)


def test_the_format_asked_is_trained_on_only_where_a_mixture_says_so():
    assert not any(is_trained_on(form, 0.0) for form in FORMATS.values())
    assert is_trained_on(FORMATS["arrow"], 0.1)
    assert not is_trained_on(FORMATS["example"], 0.1)
