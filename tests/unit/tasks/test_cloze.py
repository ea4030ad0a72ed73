"""Cloze questions with skill tags: balanced, tagged, and the same for the same seed (skill_emergence 8)."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest

from taskscope.tasks import mappings
from taskscope.tasks.cloze import AGREEMENT, FACT, KINDS, PRONOUN, SKILLS, kind_of, q_matrix, questions
from taskscope.tasks.cloze_words import MEN, ROLES, STATES, WOMEN


@pytest.fixture(scope="module")
def task():
    return questions(0, 16)


def test_every_kind_is_asked_as_often_as_wanted(task) -> None:
    counts = Counter(kind_of(item.id) for item in task.items)
    assert set(counts) == {kind.name for kind in KINDS}
    assert all(count == 16 for count in counts.values())
    many = Counter(kind_of(item.id) for item in questions(0, 200).items)
    assert many["who has the reason"] == 2 * len(ROLES)  # no more than there are words for


def test_the_same_seed_writes_the_same_questions_and_another_others(task) -> None:
    assert questions(0, 16).fingerprint == task.fingerprint != questions(1, 16).fingerprint


def test_whoever_prefers_an_answer_is_right_no_more_often_than_by_guessing(task) -> None:
    twins = defaultdict(list)
    for item in task.items:
        twins[item.cluster].append(item)
    for members in twins.values():
        prompts = [item.prompt for item in members]
        assert len(set(prompts)) == len(prompts)
        for answers in {item.classes for item in members}:
            right = [item.answer for item in members if item.classes == answers]
            assert max(Counter(right).values()) == 1  # no answer is right twice
            assert len(right) >= 2


def test_facts_are_right_and_pronouns_fit_their_names(task) -> None:
    capital = {item.input: item.label for item in mappings.load_list("country-capital").items}
    for item in task.items:
        answer = item.classes[item.answer].strip()
        if kind_of(item.id) == "fact":
            country = item.prompt.removeprefix("The capital of ").removesuffix(" is")
            assert capital[country] == answer
        if kind_of(item.id) == "pronoun":
            he = item.prompt.split(". ")[1].split()[0]
            assert answer in {"He": MEN, "She": WOMEN}[he]
        if kind_of(item.id) == "pronoun and cause":
            name = next(
                n for n in item.prompt.split() if n in {"he": MEN, "she": WOMEN}[item.prompt.split()[-1]]
            )
            state = item.prompt.split(f"{name} was ")[1].split()[0].rstrip(",")
            assert {s.word: s.did for s in STATES}[state] == answer
        if kind_of(item.id) == "agreement":
            assert item.prompt.split()[1].endswith("s") == (answer in ("are", "were", "have"))


def test_tags_say_which_skills_a_kind_needs(task) -> None:
    q = q_matrix([kind_of(item.id) for item in task.items])
    assert q.any(axis=1).all()
    for skill in (PRONOUN, FACT, AGREEMENT):
        alone = np.flatnonzero(q.sum(axis=1) == 1)
        assert any(q[place, SKILLS.index(skill)] for place in alone)  # DINA needs one that is needed alone
